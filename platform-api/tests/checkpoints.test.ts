import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AuditEntry,
  GENESIS,
  leafOf,
  openCheckpoint,
  seal,
  type TreeHead,
  verifyConsistency,
  verifyInclusion,
  verifyLines,
} from '@mlops/audit-chain';
import { temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { call, onEachDatabase, startPlatform, type TestPlatform } from './platform.ts';

onEachDatabase('checkpoints of the audit log', (suiteDatabase) => {
  const archive = temporaryFolder();
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await startPlatform(['--audit-archive', archive.path, ...suiteDatabase.args]);
    for (const name of ['a', 'b', 'c']) await call(platform, 'POST', '/api/2.0/mlflow/experiments/create', { name });
  });
  afterAll(async () => {
    await platform.stop();
    platform.remove();
    archive.remove();
  });

  const get = async (path: string) => (await call(platform, 'GET', `/api/v1/audit/${path}`)).body;
  const lines = async () => (await (await fetch(`${platform.url}/api/v1/audit/export`)).text()).trim().split('\n');
  const buffers = (proof: string[]) => proof.map((node) => Buffer.from(node, 'hex'));

  /** The newest checkpoint, once it counts so many entries. */
  async function checkpoint(atLeast: number): Promise<{ head: TreeHead; note: string; keys: string[] }> {
    for (;;) {
      const found = await call(platform, 'GET', '/api/v1/audit/checkpoint');
      if (found.status === 200 && found.body.size >= atLeast) {
        const { checkpoint: note, verifier_keys: keys } = found.body;
        return { head: openCheckpoint(note, keys), note, keys };
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it('are signed by a key that only its owner can read, and count what is there', async () => {
    const { head, keys } = await checkpoint(1);
    expect(statSync(join(platform.data, 'audit-key.pem')).mode & 0o777).toBe(0o600);
    expect(keys).toHaveLength(1);
    expect(await verifyLines(await lines(), head)).toMatchObject({ ok: true });
  }, 30_000);

  it('find what was cut off, and what was rewritten with all that follows', async () => {
    const { head } = await checkpoint(1);
    const whole = await lines();
    expect(await verifyLines(whole.slice(0, head.size - 1), head)).toMatchObject({
      ok: false,
      reason: 'the newest 1 entries that the checkpoint counts are missing',
    });
    let previous = { sequence: 0, hash: GENESIS };
    const forged = whole.map((line, i) => {
      const { sequence: _sequence, previous_hash: _previous, hash: _hash, ...facts } = JSON.parse(line) as AuditEntry;
      const entry = seal(i === 0 ? { ...facts, actor: { type: 'user', id: 'somebody else' } } : facts, previous);
      previous = entry;
      return JSON.stringify(entry);
    });
    expect(await verifyLines(forged)).toMatchObject({ ok: true });
    expect(await verifyLines(forged, head)).toMatchObject({
      ok: false,
      reason: `its first ${head.size} entries are not those of the checkpoint`,
    });
  }, 30_000);

  it('are proven to hold each entry, and to continue each other', async () => {
    const { head } = await checkpoint(1);
    for (let sequence = 1; sequence <= head.size; sequence++) {
      const proven = await get(`proofs/${sequence}?size=${head.size}`);
      const claim = { index: sequence - 1, size: head.size, proof: buffers(proven.proof), root: head.root };
      expect(verifyInclusion(leafOf(proven.hash), claim)).toBe(true);
      expect(proven.hash).toBe((JSON.parse((await lines())[sequence - 1] ?? '') as AuditEntry).hash);
    }
    await call(platform, 'POST', '/api/2.0/mlflow/experiments/create', { name: 'later' });
    const grown = (await lines()).length;
    const { root, proof } = await get(`consistency?from=${head.size}&to=${grown}`);
    const later = { size: grown, root: Buffer.from(root, 'hex') };
    expect(verifyConsistency(head, later, buffers(proof))).toBe(true);
    expect(await verifyLines(await lines(), later)).toMatchObject({ ok: true });
    for (const path of ['proofs/999999', 'proofs/0', `consistency?from=${grown}&to=1`, 'consistency?from=1&to=999999'])
      expect([400, 404]).toContain((await call(platform, 'GET', `/api/v1/audit/${path}`)).status);
  }, 30_000);

  it('are archived with the entries that they count, each file once', async () => {
    const { head, note, keys } = await checkpoint(1);
    const objects = join(archive.path, 'objects');
    const read = (folder: string) =>
      readdirSync(join(objects, folder))
        .sort()
        .map((file) => readFileSync(join(objects, folder, file), 'utf8'));
    expect(read('checkpoints').at(-1)).toBe(note);
    expect(read('keys')).toEqual([`${keys[0]}\n`]);
    const entries = read('entries').join('').trim().split('\n');
    expect(entries).toHaveLength(head.size);
    expect(await verifyLines(entries, head)).toMatchObject({ ok: true });
  }, 30_000);
});

it('a platform does not start with a key that is none', async () => {
  const folder = temporaryFolder();
  const file = join(folder.path, 'key.pem');
  writeFileSync(file, 'nonsense');
  await expect(startPlatform(['--audit-key', file], folder)).rejects.toThrow('audit-key');
  folder.remove();
});
