import { join } from 'node:path';
import { startRedis, suite, temporaryFolder } from '@mlops/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configureFeast, python, redisStore } from './feast.ts';
import { FeatureServer, serverOf } from './serving.ts';

interface Written {
  readonly rows: readonly {
    readonly keys: { readonly user_id: string; readonly item_id: number };
    readonly event: string;
    readonly key: string;
    readonly values: Readonly<Record<string, unknown>>;
  }[];
  readonly hashes: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** JSON of which no digit is lost: integers beyond 2^53 as text of their own. */
function exact(text: string): any {
  return JSON.parse(text, ((_key: string, value: unknown, { source = '' }: { source?: string } = {}) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
      ? `integer ${source}`
      : value) as never);
}

const SEED = process.env.MLOPS_SEED ?? '7';

suite('one Redis for Feast and for us', { needs: ['redis-server', 'mlops-python'] }, () => {
  const cleanUp: (() => unknown)[] = [];
  let redis: Redis;
  let server: FeatureServer;
  let repository: string;
  let text: string;
  let written: Written;

  beforeAll(async () => {
    const [folder, data, started] = [temporaryFolder(), temporaryFolder(), await startRedis()];
    repository = folder.path;
    configureFeast(repository, 'interop', redisStore(started.url));
    text = python('every_type.py', repository, ['write', SEED]);
    written = exact(text);
    redis = new Redis(started.url);
    const registry = join(repository, 'registry.db');
    const app = await serverOf('--data', data.path, '--registry', registry, '--online', started.url);
    server = new FeatureServer(await app.listen({ host: '127.0.0.1', port: 0 }));
    cleanUp.push(
      folder.remove,
      data.remove,
      started.stop,
      () => redis.disconnect(),
      () => app.close(),
    );
  });
  afterAll(async () => {
    for (const step of cleanUp.reverse()) await step();
  });

  const names = () => Object.keys(written.rows[0]?.values ?? {});

  it('reads what Feast wrote: every type, nulls and composite keys', async () => {
    const original = JSON.parse(text) as Written;
    // As text: the keys hold integers that JavaScript's numbers do not.
    const items = [...text.matchAll(/"item_id": (-?\d+)/g)].map(([, digits]) => digits);
    const users = JSON.stringify(original.rows.map(({ keys }) => keys.user_id));
    const features = JSON.stringify(names().map((name) => `everything:${name}`));
    const request = `{"features":${features},"entities":{"user_id":${users},"item_id":[${items.join(',')}]}}`;
    const answer = await server.post('/get-online-features', request);
    expect(answer.status, answer.text).toBe(200);
    const body = exact(answer.text);
    for (const [i, row] of written.rows.entries()) {
      for (const [name, expected] of Object.entries(row.values)) {
        const column = body.results[body.metadata.feature_names.indexOf(name)];
        expect([name, column.values[i]]).toEqual([name, expected]);
        expect([name, column.statuses[i]]).toEqual([name, expected === null ? 'NULL_VALUE' : 'PRESENT']);
        expect(Date.parse(column.event_timestamps[i])).toBe(Date.parse(row.event));
      }
    }
  });

  it('writes the same bytes, which Feast reads', { timeout: 300_000 }, async () => {
    await redis.flushall();
    const values = (name: string) => [...valuesText(text, name)].join(',');
    const items = [...text.matchAll(/"item_id": (-?\d+)/g)].map(([, digits]) => digits);
    const users = JSON.stringify(written.rows.map(({ keys }) => keys.user_id));
    const events = JSON.stringify(written.rows.map(({ event }) => event));
    const columns = names().map((name) => `"${name}":[${values(name)}]`);
    const df = `{"user_id":${users},"item_id":[${items.join(',')}],"event_timestamp":${events},${columns.join(',')}}`;
    const answer = await server.post('/write-to-online-store', `{"feature_view_name":"everything","df":${df}}`);
    expect(answer.status, answer.text).toBe(200);
    expect(await hashes(redis)).toEqual(written.hashes);

    const keys = `[${written.rows.map(({ keys: { user_id } }, i) => `{"user_id":${JSON.stringify(user_id)},"item_id":${items[i]}}`).join(',')}]`;
    const read = exact(python('every_type.py', repository, ['read'], keys));
    expect(read).toEqual(written.rows.map((row) => row.values));
  });
});

/** The values of one feature, as the text that Feast printed. */
function* valuesText(text: string, name: string): Generator<string> {
  const { rawJSON } = JSON as unknown as { rawJSON: (source: string) => unknown };
  const keep = (_key: string, value: unknown, { source }: { source?: string } = {}) =>
    typeof value === 'number' && source !== undefined ? rawJSON(source) : value;
  const { rows } = JSON.parse(text, keep as never) as Written;
  for (const { values } of rows) yield JSON.stringify(values[name]);
}

async function hashes(redis: Redis): Promise<Record<string, Record<string, string>>> {
  const found: Record<string, Record<string, string>> = {};
  for (const key of await redis.keysBuffer('*')) {
    found[key.toString('hex')] = Object.fromEntries(await fieldsOf(redis, key));
  }
  return found;
}

async function fieldsOf(redis: Redis, key: Buffer): Promise<[string, string][]> {
  const flat = (await redis.callBuffer('HGETALL', key)) as Buffer[];
  return Array.from({ length: flat.length / 2 }, (_, i) => [
    flat[2 * i]?.toString('hex') ?? '',
    flat[2 * i + 1]?.toString('hex') ?? '',
  ]);
}
