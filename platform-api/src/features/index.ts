export { openFeatureModule } from './module.ts';
export { featureApiOperations } from './operations.ts';
