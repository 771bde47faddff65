export { openSessions } from './module.ts';
export { sessionOperations } from './operations.ts';
export { csrfToken } from './sessions.ts';
