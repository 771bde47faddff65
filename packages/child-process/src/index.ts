export { stopGroup, tie } from './group.ts';
export { type CommandResult, run } from './run.ts';
export { type Server, startServer } from './server.ts';
