export { firstToken, openTokens } from './module.ts';
export { tokenOperations } from './routes.ts';
