export { callerOf, sessionCookie } from './caller.ts';
export { readJson } from './json.ts';
export { jsonExtent } from './json-extent.ts';
export { type ListenOptions, listen, runProgram, stuckThreads } from './listen.ts';
export type { Metrics } from './metrics.ts';
export { createServer, type ServerOptions, useErrorFormat } from './server.ts';
export { movable, SpareThread } from './spare-thread.ts';
export { tlsFiles } from './tls.ts';
