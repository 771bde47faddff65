import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { verifyLines } from '@mlops/audit-chain';
import { type Started, startProgram, temporaryFolder } from '@mlops/testing';
import { describe, expect, it } from 'vitest';
import { exampleModel } from './platform.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const ROUNDS = 4;
const WRITERS = 8;
const ROUND_MILLISECONDS = 700;

async function start(data: string, more: readonly string[] = []): Promise<Started & { pid: number }> {
  return startProgram(MAIN, ['--port', '0', '--data', data, '--empty', ...more]);
}

async function post<T>(url: string, path: string, body: unknown): Promise<T | undefined> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${url}/api/2.0/mlflow/${path}`, init).catch(() => undefined);
  return response?.ok ? ((await response.json()) as T) : undefined;
}

it('serves by itself what it could not serve at its start, when its files are back', async () => {
  const folder = temporaryFolder();
  const away = temporaryFolder();
  const first = await startProgram(MAIN, ['--port', '0', '--data', folder.path]);
  await first.stop();
  for (const name of ['artifacts', 'models']) renameSync(join(folder.path, name), join(away.path, name));
  const { url, stop } = await start(folder.path);
  const infer = async () => {
    const body = readFileSync(join(exampleModel, 'serving_input_example.json'));
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    return (await fetch(`${url}/api/v1/deployments/flight-delays/invocations`, init)).status;
  };
  expect([await infer(), (await fetch(`${url}/readyz`)).status]).toEqual([503, 503]);
  for (const name of ['artifacts', 'models']) {
    rmSync(join(folder.path, name), { recursive: true, force: true });
    renameSync(join(away.path, name), join(folder.path, name));
  }
  await expect.poll(infer, { timeout: 15_000, interval: 200 }).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  await stop();
  folder.remove();
  away.remove();
});

describe('kill -9 during writes', () => {
  it('loses nothing that was acknowledged, and leaves the audit chain whole', async () => {
    const folder = temporaryFolder();
    const acknowledged: { experiments: string[]; metrics: Map<string, number> } = {
      experiments: [],
      metrics: new Map(),
    };
    for (let round = 0; round < ROUNDS; round++) {
      const platform = await start(folder.path);
      const { run } =
        (await post<{ run: { info: { run_id: string } } }>(platform.url, 'runs/create', { experiment_id: '0' })) ?? {};
      const run_id = run?.info.run_id ?? '';
      let stopped = false;
      const writers = Array.from({ length: WRITERS }, async (_, writer) => {
        for (let i = 0; !stopped; i++) {
          const name = `round-${round}-writer-${writer}-${i}`;
          if (await post(platform.url, 'experiments/create', { name })) acknowledged.experiments.push(name);
          const metric = { run_id, key: `m${writer}`, value: i, timestamp: i, step: i };
          if (await post(platform.url, 'runs/log-metric', metric)) acknowledged.metrics.set(`${run_id}/m${writer}`, i);
        }
      });
      await new Promise((resolve) => setTimeout(resolve, ROUND_MILLISECONDS));
      process.kill(platform.pid, 'SIGKILL');
      stopped = true;
      await Promise.all(writers);
    }
    const platform = await start(folder.path);
    expect(acknowledged.experiments.length).toBeGreaterThan(ROUNDS * WRITERS);
    for (const name of acknowledged.experiments) {
      const found = await fetch(`${platform.url}/api/2.0/mlflow/experiments/get-by-name?experiment_name=${name}`);
      expect(found.status, name).toBe(200);
    }
    for (const [key, last] of acknowledged.metrics) {
      const [run_id = '', metric_key = ''] = key.split('/');
      const query = new URLSearchParams({ run_id, metric_key });
      const answer = await fetch(`${platform.url}/api/2.0/mlflow/metrics/get-history?${query}`);
      const { metrics } = (await answer.json()) as { metrics: unknown[] };
      expect(metrics.length).toBeGreaterThanOrEqual(last + 1);
    }
    const text = await (await fetch(`${platform.url}/api/v1/audit/export`)).text();
    expect(await verifyLines(text.trim().split('\n'))).toMatchObject({ ok: true });
    await platform.stop();
    folder.remove();
  });
});

describe('SIGTERM', () => {
  it('finishes requests that were accepted', async () => {
    const folder = temporaryFolder();
    const platform = await start(folder.path);
    const writes = Array.from({ length: 20 }, (_, i) =>
      post(platform.url, 'experiments/create', { name: `late-${i}` }),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    const stopping = platform.stop();
    const done = (await Promise.all(writes)).flatMap((answer, i) => (answer === undefined ? [] : [`late-${i}`]));
    await stopping;
    const again = await start(folder.path);
    for (const name of done) {
      const found = await fetch(`${again.url}/api/2.0/mlflow/experiments/get-by-name?experiment_name=${name}`);
      expect(found.status, name).toBe(200);
    }
    await again.stop();
    folder.remove();
  });

  it('ends the example with its live traffic at once, without a word and with exit code 0', async () => {
    const folder = temporaryFolder();
    const { child, stop } = await startProgram(MAIN, ['--port', '0', '--data', folder.path]);
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const code = new Promise((resolve) => child.once('exit', resolve));
    await stop();
    expect(await code).toBe(0);
    expect(said).toBe('');
    folder.remove();
  });
});

describe('starting', () => {
  it.each([
    [['--host', '0.0.0.0'], 'no identity source is configured'],
    [['--prot', '1'], "did you mean '--port'?"],
    [['--port', '99999'], 'port: 99999 is not allowed'],
  ])('with %j says what is wrong and exits 1', (args, message) => {
    const folder = temporaryFolder();
    const { status, stderr } = spawnSync(process.execPath, [MAIN, '--data', folder.path, '--empty', ...args], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([1, expect.stringContaining(message)]);
    folder.remove();
  });

  it('on a port in use names it and --port', async () => {
    const folder = temporaryFolder();
    const platform = await start(folder.path);
    const { port } = new URL(platform.url);
    const other = temporaryFolder();
    const { status, stderr } = spawnSync(process.execPath, [MAIN, '--data', other.path, '--port', port], {
      encoding: 'utf8',
    });
    expect([status, stderr.trim()]).toEqual([1, `port ${port} is in use; choose another with --port.`]);
    await platform.stop();
    folder.remove();
    other.remove();
  });
});
