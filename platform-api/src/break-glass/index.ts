export { openBreakGlass } from './module.ts';
export { breakGlassOperations } from './operations.ts';
