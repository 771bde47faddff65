export { FairGate } from './fair-gate.ts';
export { FairQueue } from './fair-queue.ts';
export {
  type Answered,
  type Asked,
  answerRequests,
  describeError,
  type ThreadData,
  threadData,
} from './inside-thread.ts';
export { Thread, ThreadEnded, type ThreadOptions } from './thread.ts';
export { Turns } from './turns.ts';
