export { callerOf } from './caller.ts';
export { jsonExtent, parseBoundedJson } from './json-extent.ts';
export { type ListenOptions, listen, runProgram, stuckThreads } from './listen.ts';
export type { Metrics } from './metrics.ts';
export { createServer, type ServerOptions, useErrorFormat } from './server.ts';
