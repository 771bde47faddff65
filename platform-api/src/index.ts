export { buildPlatform } from './app.ts';
export { openApi } from './operations.ts';
