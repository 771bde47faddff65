export { buildPlatform, openApi } from './app.ts';
