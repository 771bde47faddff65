export { type JobDefinition, type JobProgress, type JobRun, LeaseLost } from './job.ts';
export { Jobs, type JobsOptions } from './jobs.ts';
export { jobSchema } from './schema.ts';
export type { JobRunRecord, JobState } from './store.ts';
