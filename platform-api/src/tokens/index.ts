export { openTokens } from './module.ts';
export { tokenOperations } from './routes.ts';
