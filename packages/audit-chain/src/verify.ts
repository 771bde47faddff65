import { type AuditEntry, entryHash, GENESIS } from './entry.ts';

export type Verdict =
  | { readonly ok: true; readonly entries: number; readonly lastHash: string }
  | { readonly ok: false; readonly line: number; readonly reason: string };

/**
 * Verifies an export, line by line, with nothing but the export: any entry that was changed, left out or moved is found
 * at its line. What was cut off at the end cannot be seen from the export alone: compare `lastHash` with a copy.
 */
export async function verifyLines(lines: AsyncIterable<string> | Iterable<string>): Promise<Verdict> {
  let previous: { sequence: number; hash: string } | undefined;
  let line = 0;
  for await (const text of lines) {
    line += 1;
    if (text.trim() === '') continue;
    const entry = parse(text);
    if (!entry) return { ok: false, line, reason: 'it is not an audit entry' };
    const reason = fault(entry, previous ?? { sequence: 0, hash: GENESIS });
    if (reason) return { ok: false, line, reason };
    previous = entry;
  }
  return { ok: true, entries: previous?.sequence ?? 0, lastHash: previous?.hash ?? GENESIS };
}

function fault(entry: AuditEntry, previous: { sequence: number; hash: string }): string | undefined {
  const expected = previous.sequence + 1;
  if (entry.sequence > expected)
    return `entry ${expected} is missing: entry ${entry.sequence} follows ${previous.sequence}`;
  if (entry.sequence < expected)
    return `entry ${entry.sequence} stands in the wrong place, after entry ${previous.sequence}`;
  if (entryHash(entry) !== entry.hash) return `entry ${entry.sequence} was changed: its content does not give its hash`;
  if (entry.previous_hash !== previous.hash) {
    return `entry ${entry.sequence} does not continue the entry before it, which was changed or replaced`;
  }
  return undefined;
}

function parse(text: string): AuditEntry | undefined {
  try {
    const entry = JSON.parse(text) as Partial<AuditEntry> | null;
    const complete = typeof entry?.sequence === 'number' && typeof entry.hash === 'string';
    return complete ? (entry as AuditEntry) : undefined;
  } catch {
    return undefined;
  }
}
