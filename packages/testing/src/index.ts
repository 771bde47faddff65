export {
  freePort,
  postgresPrograms,
  pythonEnvironment,
  type Started,
  startMlflow,
  startPostgres,
  startProgram,
  startRedis,
  temporaryFolder,
} from './processes.ts';
export { smallDisk } from './small-disk.ts';
export { suite } from './suite.ts';
export { findTool, needTool } from './tools.ts';
