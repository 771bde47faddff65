export { openPredictions } from './module.ts';
export { predictionLogPlace } from './place.ts';
export { predictionOperations } from './routes.ts';
