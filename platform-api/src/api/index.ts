export { openApiDocument } from './openapi.ts';
export { type ApiHandlers, apiOperation, listOf, pageQuery } from './operation.ts';
export { errorsPage, homePage, referencePage } from './pages.ts';
export { serveOperations } from './routes.ts';
export { parseTime } from './time.ts';
