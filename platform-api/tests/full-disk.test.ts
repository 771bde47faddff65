import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { smallDisk, startPostgres, startProgram, suite, temporaryFolder } from '@mlops/testing';
import { describe, expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const WRITERS = 8;
const ROUNDS = 20;
const ROUND_MILLISECONDS = 250;
const FULL_MILLISECONDS_MAX = 5000;
const CHUNK = Buffer.alloc(64 * 1024);

/** Takes the space that is left but for some. */
function fill(path: string, leave: number): void {
  const file = openSync(path, 'w');
  let size = 0;
  try {
    for (;;) size += writeSync(file, CHUNK);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOSPC') throw error;
  } finally {
    ftruncateSync(file, Math.max(0, size - leave));
    closeSync(file);
  }
}

async function post(url: string, path: string, body: unknown): Promise<{ status: number; body: any }> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${url}/api/2.0/mlflow/${path}`, init);
  return { status: response.status, body: await response.json() };
}

/** Experiments with tags, and batches of metrics, written by many at once; what was acknowledged is kept in mind. */
class Writers {
  readonly #url: string;
  readonly experiments: string[] = [];
  readonly steps: number[] = [];
  readonly statuses = new Set<number>();
  #run = '';
  #next = 0;

  constructor(url: string) {
    this.#url = url;
  }

  async begin(): Promise<void> {
    const { body } = await post(this.#url, 'runs/create', { experiment_id: '0' });
    this.#run = body.run.info.run_id;
  }

  async write(milliseconds: number): Promise<void> {
    const until = Date.now() + milliseconds;
    /** A slow machine needs longer until the disk is full. */
    const isDone = () => Date.now() >= until && (this.statuses.has(507) || Date.now() >= until + FULL_MILLISECONDS_MAX);
    const writer = async () => {
      while (!isDone()) await this.#one();
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));
  }

  async #one(): Promise<void> {
    const number = this.#next++;
    if (number % 2 === 0) {
      const tags = Array.from({ length: 10 }, (_, i) => ({ key: `k${i}`, value: 'v'.repeat(4000) }));
      const name = `experiment-${number}`;
      const { status } = await post(this.#url, 'experiments/create', { name, tags });
      this.statuses.add(status);
      if (status === 200) this.experiments.push(name);
      return;
    }
    const metrics = Array.from({ length: 200 }, (_, i) => ({ key: `m${i}`, value: i, timestamp: 1, step: number }));
    const { status } = await post(this.#url, 'runs/log-batch', { run_id: this.#run, metrics });
    this.statuses.add(status);
    if (status === 200) this.steps.push(number);
  }

  /** What was acknowledged and is not there. */
  async missing(): Promise<string[]> {
    const missing: string[] = [];
    for (const name of this.experiments) {
      const query = new URLSearchParams({ experiment_name: name });
      const answer = await fetch(`${this.#url}/api/2.0/mlflow/experiments/get-by-name?${query}`);
      const { experiment } = (await answer.json()) as { experiment?: { tags: unknown[] } };
      if (experiment?.tags.length !== 10) missing.push(name);
    }
    for (const key of ['m0', 'm199']) {
      const query = new URLSearchParams({ run_id: this.#run, metric_key: key });
      const answer = await fetch(`${this.#url}/api/2.0/mlflow/metrics/get-history?${query}`);
      const { metrics = [] } = (await answer.json()) as { metrics?: { step: number }[] };
      const there = new Set(metrics.map(({ step }) => step));
      missing.push(...this.steps.filter((step) => !there.has(step)).map((step) => `${key} of step ${step}`));
    }
    return missing;
  }
}

const disk = smallDisk(48);
describe.skipIf(disk === undefined)('on a full disk (needs the right to mount a small one)', () => {
  it('nothing acknowledged is lost, however many write and however often it is full', {
    timeout: 240_000,
  }, async () => {
    const path = disk?.path ?? '';
    const data = join(path, 'data');
    const args = ['--port', '0', '--data', data, '--empty', '--log-level', 'fatal'];
    let platform = await startProgram(MAIN, args);
    const writers = new Writers(platform.url);
    await writers.begin();
    let refusals = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const ballast = join(path, 'ballast');
      fill(ballast, (round % 5) * 400_000);
      await writers.write(ROUND_MILLISECONDS);
      refusals += writers.statuses.has(507) ? 1 : 0;
      await rm(ballast);
      writers.statuses.delete(507);
      // There is space again: all is as it was before.
      await expect
        .poll(async () => (await post(platform.url, 'experiments/create', { name: `free-${round}` })).status)
        .toBe(200);
    }
    expect(refusals).toBeGreaterThan(ROUNDS / 2);
    expect([...writers.statuses]).toEqual([200]);
    expect(await writers.missing()).toEqual([]);
    await platform.stop();
    platform = await startProgram(MAIN, [...args.slice(0, 1), new URL(platform.url).port, ...args.slice(2)]);
    expect(await writers.missing()).toEqual([]);
    await platform.stop();
  });

  it('uploads are refused with 507, and nothing half is kept', async () => {
    const path = disk?.path ?? '';
    const platform = await startProgram(MAIN, ['--port', '0', '--data', join(path, 'other'), '--empty']);
    const artifact = (name: string) => `${platform.url}/api/2.0/mlflow-artifacts/artifacts/0/x/${name}`;
    const upload = await fetch(artifact('big.bin'), { method: 'PUT', body: Buffer.alloc(49 * 1024 * 1024) });
    expect(upload.status).toBe(507);
    expect((await fetch(artifact('big.bin'))).status).toBe(404);
    expect(await readdir(join(path, 'other/artifacts/incoming'))).toEqual([]);
    expect((await fetch(artifact('small.bin'), { method: 'PUT', body: Buffer.alloc(1024) })).status).toBe(200);
    await platform.stop();
    disk?.remove();
  });
});

const postgresDisk = smallDisk(160);
suite('when the disk of PostgreSQL is full', { needs: ['postgres'] }, () => {
  it.skipIf(postgresDisk === undefined)('nothing acknowledged is lost', { timeout: 240_000 }, async () => {
    const path = postgresDisk?.path ?? '';
    const folder = temporaryFolder();
    const postgres = await startPostgres(path);
    const args = ['--port', '0', '--data', folder.path, '--database', postgres.url, '--empty', '--log-level', 'fatal'];
    const platform = await startProgram(MAIN, args);
    const writers = new Writers(platform.url);
    await writers.begin();
    let refusals = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const ballast = join(path, 'ballast');
      fill(ballast, (round % 5) * 400_000);
      await writers.write(ROUND_MILLISECONDS * 2);
      refusals += writers.statuses.has(507) || writers.statuses.has(503) ? 1 : 0;
      await rm(ballast);
      // A server that could not write its log has ended itself.
      await wait(200);
      postgres.revive();
      const again = async () => (await post(platform.url, 'experiments/create', { name: `free-${round}` })).status;
      await expect.poll(again, { timeout: 30_000 }).toBe(200);
    }
    expect(refusals).toBeGreaterThan(ROUNDS / 4);
    expect([...writers.statuses].filter((status) => ![200, 503, 507].includes(status))).toEqual([]);
    expect(await writers.missing()).toEqual([]);
    await platform.stop();
    await postgres.stop();
    postgresDisk?.remove();
    folder.remove();
  });
});
