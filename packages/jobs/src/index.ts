export { type JobDefinition, type JobProgress, type JobRun, LeaseLost } from './job.ts';
export { Jobs, type JobsOptions } from './jobs.ts';
export { type JobRunRecord, type JobState, jobSchema } from './store.ts';
