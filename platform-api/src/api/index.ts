export { type ApiGroup, openApiDocument } from './openapi.ts';
export {
  type ApiHandlers,
  apiOperation,
  Lines,
  listOf,
  pageQuery,
  type ServedTable,
  servedTable,
} from './operation.ts';
export { errorsPage, escapeHtml, type HomeFacts, homePage, htmlPage, referencePage } from './pages.ts';
export { serveTable } from './routes.ts';
export { parseTime } from './time.ts';
