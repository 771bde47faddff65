import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSettings } from '@mlops/configuration';
import { temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTrackingServer } from '../src/index.ts';

// What the real client and the real server said to each other (MLflow 3.11), said again to our engine: each request with
// our ids in place of the recorded ones, each answer compared with the recorded one.

interface Exchange {
  readonly step: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly req: string | null;
  readonly status: number;
  readonly resp: string | null;
  readonly type: string | null;
}

/** Fields whose values the server makes up. */
const MADE_UP =
  /^(run_id|run_uuid|run_name|experiment_id|model_id|artifact_uri|artifact_location|source|root_uri|page_token|next_page_token|.*time.*|.*timestamp.*|workspace|file_size)$/;
const IDENTIFIERS = /^(run_id|run_uuid|run_name|experiment_id|model_id)$/;
/** What only the real server adds. */
const OMITTED = new Set(['sqlstate', 'error_class', 'message', 'prompt']);

const lines = readFileSync(join(import.meta.dirname, 'recorded/exchanges.jsonl'), 'utf8')
  .trim()
  .split('\n');
const exchanges = lines.map((line) => JSON.parse(line) as Exchange);

describe('the recorded client exchanges', () => {
  const folder = temporaryFolder();
  let url = '';
  let close = async () => {};
  const ids = new Map<string, string>();

  beforeAll(async () => {
    const app = await buildTrackingServer(
      loadSettings('tracking', { argv: ['--data', folder.path, '--log-level', 'fatal'], env: {}, cwd: folder.path }),
    );
    url = await app.listen({ host: '127.0.0.1', port: 0 });
    close = async () => app.close();
  });
  afterAll(async () => {
    await close();
    folder.remove();
  });

  const ours = (text: string) => [...ids].reduce((result, [theirs, mine]) => result.replaceAll(theirs, mine), text);

  it.each(
    exchanges.map(
      (exchange, i) =>
        [i, exchange.step, exchange.method, exchange.path.replace(/\/[0-9a-f]{32}/g, '/…'), exchange] as const,
    ),
  )('%i %s: %s %s', async (_i, _step, method, _path, exchange) => {
    const address = `${url}${ours(exchange.path)}${exchange.query === '' ? '' : `?${ours(exchange.query)}`}`;
    const headers = exchange.type === null ? {} : { 'content-type': exchange.type };
    const body = exchange.req === null || method === 'GET' ? {} : { body: ours(exchange.req) };
    const response = await fetch(address, { method, headers: headers as Record<string, string>, ...body });
    const text = await response.text();
    expect([response.status, text.slice(0, 300)]).toEqual([exchange.status, expect.any(String)]);
    // The recording does not hold the bytes of files.
    const isFile = exchange.path.includes('/mlflow-artifacts/artifacts/');
    if (isFile || !exchange.resp?.trim().startsWith('{')) return;
    const recorded: unknown = JSON.parse(exchange.resp);
    const answered: unknown = JSON.parse(text === '' ? '{}' : text);
    learn(recorded, answered);
    compare(recorded, answered, '');
  });

  function learn(recorded: unknown, answered: unknown): void {
    if (typeof recorded !== 'object' || recorded === null || typeof answered !== 'object' || answered === null) return;
    for (const [key, value] of Object.entries(recorded)) {
      const mine = (answered as Record<string, unknown>)[key];
      const isId = IDENTIFIERS.test(key) && typeof value === 'string' && typeof mine === 'string' && value.length > 8;
      if (isId) ids.set(value, mine);
      else learn(value, mine);
    }
  }

  function compare(recorded: unknown, answered: unknown, path: string): void {
    if (Array.isArray(recorded)) {
      expect(answered, path).toHaveLength(recorded.length);
      const sorted = (list: unknown[]) =>
        path.endsWith('files') || /tags|params|metrics|aliases|latest_versions/.test(path)
          ? list.toSorted(byKey)
          : list;
      const mine = sorted(answered as unknown[]);
      sorted(recorded).forEach((item, i) => compare(item, mine[i], `${path}[]`));
    } else if (typeof recorded === 'object' && recorded !== null) {
      for (const [key, value] of Object.entries(recorded)) {
        if (OMITTED.has(key)) continue;
        const mine = (answered as Record<string, unknown>)[key];
        expect(typeof mine, `${path}.${key}`).toBe(typeof value);
        if (!MADE_UP.test(key)) compare(value, mine, `${path}.${key}`);
      }
    } else if (typeof recorded === 'string') {
      // Texts that hold ids are compared with ours in their place.
      expect(compact(String(answered)), path).toBe(compact(ours(recorded)));
    } else expect(answered, path).toBe(recorded);
  }
});

/** JSON inside of a value: Python writes a space after each separator. */
function compact(text: string): string {
  return text.startsWith('[{') ? text.replace(/([,:]) /g, '$1') : text;
}

function byKey(a: unknown, b: unknown): number {
  const name = (item: unknown) => {
    const { key, path, version } = item as { key?: string; path?: string; version?: string };
    return key ?? path ?? version ?? JSON.stringify(item);
  };
  return name(a) < name(b) ? -1 : 1;
}
