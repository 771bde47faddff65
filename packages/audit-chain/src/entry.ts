import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** What an audit entry says, before it has its place in the chain. */
export interface AuditFacts {
  readonly id: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly team: string;
  readonly actor: {
    readonly type: string;
    readonly id: string;
    readonly ip?: string;
    /** The team that they acted for, where it is not the entry's. */
    readonly team?: string;
    /** What they were in it. */
    readonly roles?: readonly string[];
    /** The token or the session that they had signed in with. */
    readonly session?: string;
  };
  /** The operation's name, such as setRegisteredModelAlias. */
  readonly action: string;
  readonly resource: { readonly type: string; readonly id: string; readonly digest?: string };
  /** `attempted`: it was begun at another server; what became of it stands in a later entry with the same request_id. */
  readonly outcome: 'succeeded' | 'denied' | 'failed' | 'attempted';
  /** Why it was denied or failed. */
  readonly reason?: string;
  readonly request_id: string;
  /** What was decided or changed; never secrets, never model inputs. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** An entry in its place: numbered without gaps from 1, bound to its predecessor by that one's hash. */
export interface AuditEntry extends AuditFacts {
  readonly sequence: number;
  readonly previous_hash: string;
  /** SHA-256, hexadecimal, of the RFC 8785 form of everything else in the entry. */
  readonly hash: string;
}

/** The predecessor of the first entry. */
export const GENESIS = '0'.repeat(64);

/** Puts facts in their place after the entry that `previous` describes. */
export function seal(facts: AuditFacts, previous: { readonly sequence: number; readonly hash: string }): AuditEntry {
  const entry = { ...facts, sequence: previous.sequence + 1, previous_hash: previous.hash };
  return { ...entry, hash: entryHash(entry) };
}

/** The hash that an entry must carry; a `hash` in it is left out. */
export function entryHash(entry: object): string {
  const { hash: _own, ...content } = entry as { hash?: string };
  return createHash('sha256')
    .update(canonicalize(content) ?? '')
    .digest('hex');
}
