export { CommandError } from './connection.ts';
export { createProgram } from './program.ts';
