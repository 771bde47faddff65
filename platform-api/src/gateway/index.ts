export { Meter } from './meter.ts';
export { createPipeline } from './pipeline.ts';
