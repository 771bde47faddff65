export { type Checkpoint, openCheckpoint, signCheckpoint, verifierKey } from './checkpoint.ts';
export { type AuditEntry, type AuditFacts, entryHash, GENESIS, seal } from './entry.ts';
export {
  consistencyProof,
  GrowingTree,
  inclusionProof,
  leafOf,
  type TreeHead,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts';
export { type Verdict, verifyLines } from './verify.ts';
