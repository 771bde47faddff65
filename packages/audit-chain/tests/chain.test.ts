import { describe, expect, it } from 'vitest';
import { type AuditEntry, type AuditFacts, GENESIS, seal, verifyLines } from '../src/index.ts';

const facts = (action: string): AuditFacts => ({
  id: action,
  time: '2026-01-01T00:00:00.000Z',
  team: 'default',
  actor: { type: 'user', id: 'local' },
  action,
  resource: { type: 'experiment', id: 'ü' },
  outcome: 'succeeded',
  request_id: 'r',
});

function chain(length: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let i = 0; i < length; i++)
    entries.push(seal(facts(`action-${i}`), entries.at(-1) ?? { sequence: 0, hash: GENESIS }));
  return entries;
}

const lines = (entries: readonly AuditEntry[]) => entries.map((entry) => JSON.stringify(entry));

describe('an export', () => {
  it('that is untouched is verified, whatever the order of keys', async () => {
    const entries = chain(5);
    const reordered = entries.map((entry) => JSON.stringify(Object.fromEntries(Object.entries(entry).reverse())));
    expect(await verifyLines(reordered)).toEqual({ ok: true, entries: 5, lastHash: entries[4]?.hash });
    expect(await verifyLines([])).toEqual({ ok: true, entries: 0, lastHash: GENESIS });
  });

  it('shows a changed entry at its line', async () => {
    const text = lines(chain(5));
    text[2] = text[2]?.replace('succeeded', 'denied') ?? '';
    expect(await verifyLines(text)).toMatchObject({ ok: false, line: 3, reason: expect.stringContaining('changed') });
  });

  it('shows a changed entry with a new hash at the next line', async () => {
    const entries = chain(5);
    const forged = seal(facts('forged'), entries[1] as AuditEntry);
    const text = lines(entries.map((entry, i) => (i === 2 ? forged : entry)));
    expect(await verifyLines(text)).toMatchObject({ ok: false, line: 4 });
  });

  it('shows a missing, a repeated and a moved entry', async () => {
    const text = lines(chain(5));
    expect(await verifyLines(text.toSpliced(2, 1))).toMatchObject({
      ok: false,
      line: 3,
      reason: expect.stringContaining('entry 3 is missing'),
    });
    expect(await verifyLines(text.toSpliced(2, 0, text[1] as string))).toMatchObject({ ok: false, line: 3 });
    expect(await verifyLines([text[0], text[2], text[1], text[3]] as string[])).toMatchObject({ ok: false, line: 2 });
    expect(await verifyLines(text.slice(1))).toMatchObject({ ok: false, line: 1 });
  });

  it('shows a field that is written twice, at any depth', async () => {
    const text = lines(chain(3));
    const twice = (from: string, to: string) => text.with(1, text[1]?.replace(from, to) ?? '');
    for (const forged of [
      twice('{', '{"outcome":"denied",'),
      twice('"actor":{', '"actor":{"id":"somebody",'),
      twice('{', '{"\\u006futcome":"denied",'),
    ])
      expect(await verifyLines(forged)).toEqual({ ok: false, line: 2, reason: 'it names a field twice' });
    const colons = [
      seal({ ...facts('a'), details: { 'a:b': '"c":', list: [{ d: ':' }] } }, { sequence: 0, hash: GENESIS }),
    ];
    expect(await verifyLines(lines(colons))).toMatchObject({ ok: true, entries: 1 });
  });

  it('refuses what is no entry', async () => {
    expect(await verifyLines(['{"a":1}'])).toMatchObject({ ok: false, line: 1 });
    expect(await verifyLines(['not json'])).toMatchObject({ ok: false, line: 1 });
    expect(await verifyLines(['{"sequence":1,"hash":"x","a":"\\ud800"}'])).toMatchObject({ ok: false, line: 1 });
    const deep = `{"sequence":1,"hash":"x","a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`;
    expect(await verifyLines([deep])).toMatchObject({ ok: false, line: 1 });
  });
});
