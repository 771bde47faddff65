export { type Run, terraformIn } from './command.ts';
export { planCost } from './cost/difference.ts';
export { generated } from './generate/index.ts';
export { refusals } from './policies/index.ts';
export { type Plan, type PlannedResource, resources, together } from './terraform.ts';
