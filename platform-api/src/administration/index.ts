export { accessOperations } from './access.ts';
export { openAdministration } from './module.ts';
export { statusOperations } from './status.ts';
