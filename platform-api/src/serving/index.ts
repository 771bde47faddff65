export { EmbeddedTarget } from './embedded-target.ts';
export { ModelFiles } from './model-files.ts';
export type { ServingTarget, TrafficShare } from './target.ts';
