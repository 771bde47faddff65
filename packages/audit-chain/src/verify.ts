import { type AuditEntry, entryHash, GENESIS } from './entry.ts';
import { GrowingTree, leafOf, type TreeHead } from './merkle.ts';

export type Verdict =
  | { readonly ok: true; readonly entries: number; readonly lastHash: string }
  | { readonly ok: false; readonly line: number; readonly reason: string };

/**
 * Verifies an export, line by line, with nothing but the export: any entry that was changed, left out or moved is found
 * at its line. What was cut off at the end cannot be seen from the export alone: a checkpoint finds it, or a copy of
 * `lastHash`.
 */
export async function verifyLines(
  lines: AsyncIterable<string> | Iterable<string>,
  checkpoint?: TreeHead,
): Promise<Verdict> {
  const tree = new GrowingTree();
  let previous: { sequence: number; hash: string } | undefined;
  let line = 0;
  for await (const text of lines) {
    line += 1;
    if (text.trim() === '') continue;
    const entry = parse(text);
    if (!entry) return { ok: false, line, reason: 'it is not an audit entry' };
    if (namesIn(text) !== namesOf(entry)) return { ok: false, line, reason: 'it names a field twice' };
    const reason = fault(entry, previous ?? { sequence: 0, hash: GENESIS });
    if (reason) return { ok: false, line, reason };
    previous = entry;
    if (checkpoint === undefined || tree.size === checkpoint.size) continue;
    tree.add(leafOf(entry.hash));
  }
  if (checkpoint && tree.size < checkpoint.size) {
    const missing = checkpoint.size - tree.size;
    return {
      ok: false,
      line: line + 1,
      reason: `the newest ${missing} entries that the checkpoint counts are missing`,
    };
  }
  if (checkpoint && !tree.root().equals(checkpoint.root)) {
    return { ok: false, line, reason: `its first ${checkpoint.size} entries are not those of the checkpoint` };
  }
  return { ok: true, entries: previous?.sequence ?? 0, lastHash: previous?.hash ?? GENESIS };
}

function fault(entry: AuditEntry, previous: { sequence: number; hash: string }): string | undefined {
  const expected = previous.sequence + 1;
  if (entry.sequence > expected)
    return `entry ${expected} is missing: entry ${entry.sequence} follows ${previous.sequence}`;
  if (entry.sequence < expected)
    return `entry ${entry.sequence} stands in the wrong place, after entry ${previous.sequence}`;
  if (hashOf(entry) !== entry.hash) return `entry ${entry.sequence} was changed: its content does not give its hash`;
  if (entry.previous_hash !== previous.hash) {
    return `entry ${entry.sequence} does not continue the entry before it, which was changed or replaced`;
  }
  return undefined;
}

/** The entry's hash; undefined for what no JSON of an entry can hold, such as half of a surrogate pair. */
function hashOf(entry: AuditEntry): string | undefined {
  try {
    return entryHash(entry);
  } catch {
    return undefined;
  }
}

const STRING = /"(?:[^"\\]|\\.)*"/g;

/** How many names of fields a JSON text holds: outside of its strings, each has a colon. */
function namesIn(text: string): number {
  return text.replace(STRING, '').split(':').length - 1;
}

/** How many names of fields a parsed value holds: fewer than its text, if one was written twice and the last has won. */
function namesOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((count, each) => count + namesOf(each), own);
}

function parse(text: string): AuditEntry | undefined {
  try {
    const entry = JSON.parse(text) as Partial<AuditEntry> | null;
    namesOf(entry); // Throws here, where it is caught, for what nests without end.
    const complete = typeof entry?.sequence === 'number' && typeof entry.hash === 'string';
    return complete ? (entry as AuditEntry) : undefined;
  } catch {
    return undefined;
  }
}
