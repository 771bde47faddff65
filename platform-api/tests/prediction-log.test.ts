import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalBlobStore } from '@mlops/blobs';
import { type Database, migrate, openDatabase } from '@mlops/database';
import type { JobRun } from '@mlops/jobs';
import { temporaryFolder } from '@mlops/testing';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Position, toLines } from '../src/predictions/columns.ts';
import { importOldLog } from '../src/predictions/import.ts';
import { predictionJobs } from '../src/predictions/jobs.ts';
import { SharedPredictionLog } from '../src/predictions/log.ts';
import { type Prediction, predictionsOf } from '../src/predictions/prediction.ts';
import { PredictionStore, predictionSchema } from '../src/predictions/store.ts';
import { onEachDatabase } from './platform.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

onEachDatabase('the shared prediction log', (suiteDatabase) => {
  const folder = temporaryFolder();
  let database: Database<unknown>;
  let store: PredictionStore;
  const logs: SharedPredictionLog[] = [];
  const unreadable: string[] = [];

  beforeAll(async () => {
    database = openDatabase({ data: folder.path, database: suiteDatabase.url });
    await migrate(database, 'platform', predictionSchema);
    store = new PredictionStore(database);
  });
  afterAll(async () => {
    for (const log of logs) await log.close();
    await database.close();
    folder.remove();
  });

  /** What a process has: its own folder, and the store that all share. */
  function open(name: string): SharedPredictionLog {
    const log = new SharedPredictionLog({
      store,
      blobs: new LocalBlobStore(join(folder.path, 'shared')),
      folder: join(folder.path, name),
      onUnreadable: (path) => unreadable.push(path),
    });
    logs.push(log);
    return log;
  }

  function predictions(deployment: string, count: number, time: number, team = 'default'): Prediction[] {
    return Array.from({ length: count }, (_, i) => ({
      id: `${deployment}-${time}-${i}`,
      request_id: `r-${i}`,
      team,
      deployment,
      revision: 1,
      model_version: '1',
      key: `k${i}`,
      inputs: { x: i, text: "it's" },
      outputs: { y: i / 2 },
      latency_ms: 1.5,
      status: 200,
      error: null,
      time: time + i,
    }));
  }

  async function run(
    log: SharedPredictionLog,
    name: string,
    fenced: JobRun['fenced'] = (body) => database.write(body),
  ) {
    const jobs = predictionJobs({ log, store, retentionDays: 90, expire: (_team, _days, remove) => remove() });
    const job = jobs.find((each) => each.name === name);
    return job?.run({
      signal: new AbortController().signal,
      checkpoint: undefined,
      progress: () => {},
      save: () => Promise.resolve(),
      fenced,
    });
  }
  const ids = async (log: SharedPredictionLog, deployment: string, limit = 1000) =>
    (await log.list(deployment, {}, limit)).predictions.map(({ id }) => id);

  it('shows each process what any of them was given, sealed or not, newest first', async () => {
    const [a, b] = [open('a'), open('b')];
    const old = predictions('shared', 50, Date.now() - 10 * MINUTE);
    const fresh = predictions('shared', 50, Date.now() - MINUTE);
    await a.append('shared', old);
    await b.append('shared', fresh);
    const all = [...old, ...fresh].reverse().map(({ id }) => id);
    expect(await ids(a, 'shared')).toEqual(all);
    expect(await run(a, 'seal-predictions')).toBe('sealed the predictions of 1 deployments');
    expect(await store.segments()).toMatchObject([{ deployment: 'shared', rows: 100 }]);
    expect(await ids(b, 'shared')).toEqual(all);
    const [first] = (await b.list('shared', { key: 'k7', until: Date.now() - 5 * MINUTE }, 10)).predictions;
    expect(first).toEqual(old[7]);
    expect((await b.list('shared', { ids: ['none', old[3]?.id ?? ''] }, 10)).predictions).toEqual([old[3]]);
  });

  it('shows each prediction once, whatever is sealed while it reads', async () => {
    const log = open('c');
    const expected = new Set<string>();
    let stopped = false;
    const sealing = (async () => {
      while (!stopped) await run(log, 'seal-predictions');
    })();
    for (let i = 0; i < 25; i++) {
      const more = predictions('busy', 20, Date.now() - 10 * MINUTE + i * 100);
      await log.append('busy', more);
      for (const { id } of more) expected.add(id);
      const found = await ids(log, 'busy', 10_000);
      expect(found.length).toBe(expected.size);
      expect(new Set(found)).toEqual(expected);
    }
    stopped = true;
    await sealing;
  });

  it('loses nothing when a process ends between the file and the entry, and removes the file later', async () => {
    const log = open('d');
    await log.append('crashed', predictions('crashed', 10, Date.now() - 5 * DAY));
    const dies = () => Promise.reject(new Error('killed'));
    await expect(run(log, 'seal-predictions', dies)).rejects.toThrow('killed');
    expect((await ids(log, 'crashed')).length).toBe(10);
    const folderOf = join(folder.path, 'shared/objects/deployment=crashed');
    const objects = () => readdirSync(folderOf);
    expect(objects().length).toBe(1);
    writeFileSync(
      join(folderOf, '2026-01-01T00-00-00-000Z-written-2026-01-01T00-00-00-000Z-0.parquet'),
      'of another database',
    );
    // However old the predictions are, a file that is being listed just now is not taken for one that nobody lists.
    await run(log, 'seal-predictions', async (body) => {
      await run(log, 'expire-predictions');
      return database.write(body);
    });
    expect((await ids(log, 'crashed')).length).toBe(10);
    expect(objects().length).toBe(3);
    await database.write((tx) =>
      (tx as Kysely<any>).updateTable('prediction_unused_files').set({ since: 0 }).execute(),
    );
    expect(await run(log, 'expire-predictions')).toContain('1 files that nothing refers to');
    // The one that another database may know of stays.
    expect(objects().length).toBe(2);
    expect((await ids(log, 'crashed')).length).toBe(10);
  });

  it('keeps all predictions of a client that uses an id again, within a millisecond too', async () => {
    const log = open('same');
    const time = Date.now() - 10 * MINUTE;
    const same = predictions('same', 30, time).map((each, i) => ({
      ...each,
      id: 'order-1',
      time,
      latency_ms: i,
      outputs: { y: i },
    }));
    await log.append('same', same.slice(0, 15));
    await log.append('same', same.slice(15));
    const read = async () => {
      const found: unknown[] = [];
      for (let hasMore = true; hasMore; ) {
        const after = found.length === 0 ? {} : { after: { time, id: 'order-1', read: found.length } };
        const page = await log.list('same', after, 7);
        found.push(...page.predictions.map(({ outputs }) => outputs['y']));
        hasMore = page.hasMore;
      }
      return found;
    };
    const all = same.map((_each, i) => i).reverse();
    expect(await read()).toEqual(all);
    await run(log, 'seal-predictions');
    expect((await store.segments()).find(({ deployment }) => deployment === 'same')?.rows).toBe(30);
    expect(await read()).toEqual(all);
  });

  it('is written once, however often it is tried', async () => {
    const log = open('again');
    const some = predictions('again', 5, Date.now());
    for (let i = 0; i < 3; i++) await log.append('again', some, 'one-batch');
    expect((await ids(log, 'again')).length).toBe(5);
  });

  it('keeps lines that cannot be read from hiding others, and seals those', async () => {
    const log = open('h');
    const time = Date.now() - 20 * MINUTE;
    await log.append('poisoned', predictions('poisoned', 5, time));
    const bad = { id: `bad-${suiteDatabase.url ?? ''}`, deployment: 'poisoned', team: 'default', from: time, to: time };
    await store.addBatch({ ...bad, rows: 1, bytes: 20, lines: '{"id": "\\ud800"}\n' });
    await log.append('sound', predictions('sound', 5, time));
    const page = await log.list('poisoned', {}, 100);
    expect(page.predictions.length).toBe(5);
    expect(page.unreadable).toEqual([`batch ${bad.id}`]);
    await expect(run(log, 'seal-predictions')).rejects.toThrow(bad.id);
    const sealed = (await store.segments()).filter(({ deployment }) => ['poisoned', 'sound'].includes(deployment));
    expect(sealed.map(({ rows }) => rows)).toEqual([5, 5]);
    await store.replace(undefined, [bad.id], []);
  });

  it('seals what waits in more batches than a statement can name', async () => {
    const log = open('m');
    const time = Date.now() - 120 * MINUTE;
    const many = 40_000;
    const [example] = predictions('patient', 1, time);
    if (!example) throw new Error('no example');
    const lines = toLines([example]).replace('"inputs"', ' "inputs"');
    const rows = Array.from({ length: many }, (_, i) => ({
      id: `patient-${i}`,
      deployment: 'patient',
      team: 'default',
      from_time: time + i,
      to_time: time + i,
      rows: 1,
      bytes: lines.length,
      lines: lines.replace(example.id, `patient-${i}`),
    }));
    await database.as<{ prediction_batches: (typeof rows)[number] }>().write(async (tx) => {
      for (let at = 0; at < many; at += 2000)
        await tx
          .insertInto('prediction_batches')
          .values(rows.slice(at, at + 2000))
          .execute();
    });
    await run(log, 'seal-predictions');
    const sealed = (await store.segments()).filter(({ deployment }) => deployment === 'patient');
    expect(sealed.reduce((sum, segment) => sum + segment.rows, 0)).toBe(many);
    expect((await store.stretches('patient')).batches).toEqual([]);
  }, 60_000);

  it('seals what one request has brought, however much it is', async () => {
    const log = open('m');
    const [time, x] = [Date.now() - 120 * MINUTE, Array.from({ length: 27_000 }, () => crypto.randomUUID()).join('')];
    const heavy = predictions('heavy', 55, time).map((each, i) => ({ ...each, inputs: { x: `${i}${x}` } }));
    await log.append('heavy', heavy);
    await run(log, 'seal-predictions');
    const sealed = (await store.segments()).filter(({ deployment }) => deployment === 'heavy');
    expect(sealed.reduce((sum, segment) => sum + segment.rows, 0)).toBe(55);
    expect((await log.list('heavy', {}, 1)).predictions).toEqual(heavy.slice(-1));
  }, 60_000);

  it('seals and merges the log of one deployment though that of another cannot be', async () => {
    const log = open('m');
    const time = Date.now() - 3 * DAY;
    const append = async (at: number) => {
      for (const name of ['a-broken', 'b-whole']) await log.append(name, predictions(name, 5, at));
    };
    await append(time);
    await run(log, 'seal-predictions');
    await append(time + 10);
    const of = async (name: string) => (await store.segments()).filter(({ deployment }) => deployment === name);
    const breaks: JobRun['fenced'] = async (body) => {
      const before = (await of('a-broken')).map(({ path }) => path);
      return database.write(async () => {
        const result = await body();
        const after = (await of('a-broken')).map(({ path }) => path);
        if (after.join() !== before.join()) throw new Error('broken');
        return result;
      });
    };
    await expect(run(log, 'seal-predictions', breaks)).rejects.toThrow('broken');
    expect([(await of('a-broken')).length, (await of('b-whole')).length]).toEqual([1, 2]);
    await run(log, 'seal-predictions');
    await expect(run(log, 'compact-predictions', breaks)).rejects.toThrow('broken');
    expect([(await of('a-broken')).length, (await of('b-whole')).length]).toEqual([2, 1]);
    await run(log, 'compact-predictions');
  });

  it('shows all of many predictions, however its pages end', async () => {
    const log = open('pages');
    const many = predictions('pages', 3000, Date.now() - 20 * MINUTE).map((each) => ({
      ...each,
      inputs: { x: 'x'.repeat(1200) },
    }));
    await log.append('pages', many.slice(0, 1500));
    await run(log, 'seal-predictions');
    await log.append('pages', many.slice(1500));
    const found: string[] = [];
    let after: Position | undefined;
    for (let hasMore = true; hasMore; ) {
      const page = await log.list('pages', after ? { after } : {}, 1000);
      found.push(...page.predictions.map(({ id }) => id));
      const last = page.predictions.at(-1);
      after = last && { time: last.time, id: last.id, read: 1 };
      hasMore = page.hasMore;
    }
    expect(found).toEqual(many.map(({ id }) => id).reverse());
  });

  it('ends a page early where predictions hold much, and goes on behind it', async () => {
    const log = open('h');
    const time = Date.now() - 20 * MINUTE;
    const large = predictions('large', 5, time).map((each) => ({ ...each, inputs: { x: 'x'.repeat(400_000) } }));
    await log.append('large', large.slice(0, 2));
    await run(log, 'seal-predictions');
    for (const each of large.slice(2)) await log.append('large', [each]);
    const pages: string[][] = [];
    let after: Position | undefined;
    for (let hasMore = true; hasMore; ) {
      const page = await log.list('large', after ? { after } : {}, 1000);
      pages.push(page.predictions.map(({ id }) => id));
      const last = page.predictions.at(-1);
      after = last && { time: last.time, id: last.id, read: 1 };
      hasMore = page.hasMore;
    }
    const ids = large.map(({ id }) => id).reverse();
    expect(pages).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
    expect((await log.list('large', {}, 5)).predictions[0]).toEqual(large[4]);
    expect([...(await log.known('large', [...ids, 'none']))].sort()).toEqual(ids.toSorted());
  });

  it('stays readable, whatever stands in a key or in a reason', async () => {
    const log = open('g');
    const odd = predictions('odd', 3, Date.now() - 10 * MINUTE).map((each, i) => ({
      ...each,
      key: ['\ud800x', 'a\nb', '\u2028'][i] ?? null,
      error: "Input '\udc00': unknown",
    }));
    await log.append('odd', odd);
    const keys = async () => (await log.list('odd', {}, 10)).predictions.map(({ key }) => key);
    expect(await keys()).toEqual(['\u2028', 'a\nb', '\ufffdx']);
    await run(log, 'seal-predictions');
    expect(await keys()).toEqual(['\u2028', 'a\nb', '\ufffdx']);
  });

  it('does not write out a row of more values than a row has', () => {
    const event = {
      namespace: 'default',
      model: 'wide',
      requestId: 'r',
      time: 1,
      latencyMs: 1,
      version: '1',
      status: 200,
      error: undefined,
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 200_000], data: new Float32Array(200_000) }],
      outputs: [],
      keys: undefined,
    } as const;
    const [prediction] = predictionsOf(event, { team: 'default', revision: 1, modelVersion: '1' });
    expect(prediction?.inputs).toEqual({ x: 'left out: 200000 values' });
  });

  it('leaves out a file that is damaged, and says which', async () => {
    const log = open('e');
    for (const age of [30, 20]) {
      await log.append('damaged', predictions('damaged', 10, Date.now() - age * MINUTE));
      await run(log, 'seal-predictions');
    }
    const [first] = (await store.segments()).filter(({ deployment }) => deployment === 'damaged');
    truncateSync(join(folder.path, 'shared/objects', first?.path ?? ''), 20);
    const page = await log.list('damaged', {}, 100);
    expect(page.predictions.length).toBe(10);
    expect(page.unreadable).toEqual([first?.path]);
    rmSync(join(folder.path, 'shared/objects', first?.path ?? ''));
    expect((await log.list('damaged', {}, 100)).unreadable).toEqual([first?.path]);
    expect(unreadable).toContain(first?.path);
  });

  it('merges the files of a past day, and forgets what a team no longer keeps', async () => {
    const log = open('f');
    const yesterday = Math.floor(Date.now() / DAY) * DAY - DAY / 2;
    for (const hour of [0, 1, 2]) {
      await log.append('days', predictions('days', 5, yesterday + hour * 60 * MINUTE));
      await run(log, 'seal-predictions');
    }
    const segments = async (deployment: string) =>
      (await store.segments()).filter((segment) => segment.deployment === deployment);
    expect((await segments('days')).length).toBe(3);
    await run(log, 'compact-predictions');
    expect(await segments('days')).toMatchObject([{ rows: 15 }]);
    expect((await ids(log, 'days')).length).toBe(15);

    for (const team of ['short', 'long']) {
      await log.append(team, predictions(team, 5, Date.now() - 10 * DAY, team));
      await store.setRetention(team, team === 'short' ? 7 : 30);
    }
    await run(log, 'seal-predictions');
    expect(await run(log, 'expire-predictions')).toContain('removed 5 predictions');
    expect([(await ids(log, 'short')).length, (await ids(log, 'long')).length]).toEqual([0, 5]);
    expect(await segments('short')).toEqual([]);
  });

  it('takes over the log of the form before, and keeps apart what it cannot read', async () => {
    const log = open('g');
    const old = join(folder.path, `old-${suiteDatabase.url ? 'p' : 's'}`);
    const path = join(old, 'deployment=before');
    mkdirSync(path, { recursive: true });
    const lines = predictions('before', 3, Date.now() - MINUTE).map(({ inputs, outputs, ...rest }) =>
      JSON.stringify({ ...rest, inputs: JSON.stringify(inputs), outputs: JSON.stringify(outputs) }),
    );
    writeFileSync(join(path, '1.ndjson'), `${lines[0]}\n${lines[1]?.slice(0, 20)}${lines[1]}\n${lines[2]}\n{"id": "to`);
    writeFileSync(join(path, '2.parquet'), '');
    expect(await importOldLog(old, { log, store, team: 'default' })).toEqual([join(path, '2.parquet')]);
    expect((await ids(log, 'before')).length).toBe(2);
    expect(readdirSync(path)).toEqual(['2.parquet.damaged']);
  });
});
