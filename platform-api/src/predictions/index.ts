export { ActualsStore, actualsSchema } from './actuals.ts';
export { PredictionLog } from './log.ts';
export { Recorder } from './recorder.ts';
export { predictionHandlers, predictionOperations } from './routes.ts';
