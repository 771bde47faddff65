export { type AuditEntry, type AuditFacts, entryHash, GENESIS, seal } from './entry.ts';
export { type Verdict, verifyLines } from './verify.ts';
