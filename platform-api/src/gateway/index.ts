export { Meter } from './meter.ts';
export { createPipeline, type PipelineParts } from './pipeline.ts';
