export { deployExample, loadExample } from './load.ts';
export { replayTraffic } from './replay.ts';
