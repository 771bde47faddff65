export { generated } from './generate/index.ts';
export { type PlannedResource, resources } from './terraform.ts';
