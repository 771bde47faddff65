export { systemActs } from './acts.ts';
export { openJobs } from './module.ts';
export { jobOperations } from './routes.ts';
