import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProgram, temporaryFolder } from '@mlops/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { drivers } from './contract/writing.ts';
import { makeRepository, writeParquet } from './history.ts';
import { FeatureServer, MAIN } from './serving.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});
const EVENTS = `entities: [{name: id, type: int64}]
sources: [{name: events, type: file, path: events.parquet}]
feature_views: [{name: latest, entities: [id], source: events, features: [{name: n, type: int64}]}]`;
const run = (...args: string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 30_000 });

describe('the program', () => {
  it('keeps what it has acknowledged when it is killed', async () => {
    const [repository, data] = [await makeRepository(), temporaryFolder()];
    cleanUp.push(repository.remove, data.remove);
    const settings = ['--port', '0', '--definitions', repository.path, '--data', data.path];
    const first = await startProgram(MAIN, settings);
    for (const path of ['/health', '/readyz', '/metrics']) {
      expect((await fetch(first.url + path)).status, path).toBe(200);
    }
    const server = new FeatureServer(first.url);
    let acknowledged = 0;
    const writing = (async () => {
      for (;;) {
        const ids = Array.from({ length: 20 }, (_, i) => acknowledged + i);
        const df = drivers(ids, { trips: ids });
        const answer = await server.post('/push', { push_source_name: 'driver_push', df });
        if (answer.status === 200) acknowledged += ids.length;
      }
    })().catch(() => {});
    await expect.poll(() => acknowledged, { timeout: 20_000 }).toBeGreaterThan(200);
    first.child.kill('SIGKILL');
    await writing;
    await first.stop();

    const second = await startProgram(MAIN, settings);
    cleanUp.push(second.stop);
    const ids = Array.from({ length: acknowledged }, (_, i) => i);
    const { trips } = await new FeatureServer(second.url).online({
      features: ['driver_stats:trips'],
      entities: { driver_id: ids },
    });
    expect(trips?.values).toEqual(ids);
  });

  it('ends a materialisation that was killed when it is asked for again', { timeout: 120_000 }, async () => {
    const [repository, data] = [temporaryFolder(), temporaryFolder()];
    cleanUp.push(repository.remove, data.remove);
    const [rows, ids] = [600_000, 20_000];
    await writeParquet(
      `select i % ${ids} as id, timestamp '2026-01-01' + to_seconds(i) as event_timestamp, i as n from range(${rows}) as t(i)`,
      join(repository.path, 'events.parquet'),
    );
    writeFileSync(join(repository.path, 'views.yaml'), EVENTS);
    const settings = ['--port', '0', '--definitions', repository.path, '--data', data.path];
    const request = { start_ts: '2026-01-01', end_ts: '2026-01-31' };
    const first = await startProgram(MAIN, settings);
    const server = new FeatureServer(first.url);
    const materialising = server.post('/materialize', request).catch(() => undefined);
    const last = async () => {
      const { n } = await server.online({ features: ['latest:n'], entities: { id: [0] } });
      return n?.values[0];
    };
    // Killed when something of it is there.
    await expect.poll(last, { timeout: 60_000, interval: 20 }).not.toBe(null);
    first.child.kill('SIGKILL');
    await materialising;
    await first.stop();

    const second = await startProgram(MAIN, settings);
    cleanUp.push(second.stop);
    const again = new FeatureServer(second.url);
    expect((await again.post('/materialize', request)).status).toBe(200);
    const all = Array.from({ length: ids }, (_, id) => id);
    const { n } = await again.online({ features: ['latest:n'], entities: { id: all } });
    expect(n?.values).toEqual(all.map((id) => rows - ids + id));
    const metrics = await (await fetch(`${second.url}/metrics`)).text();
    expect(metrics).toContain(
      `feature_materialized_until_seconds{project="default",view="latest"} ${Date.parse('2026-01-31') / 1000}`,
    );
    expect(metrics).toMatch(/feature_rows_written_total\{project="default",view="latest"\} \d+/);
  });

  it('ends in order while it materialises', { timeout: 120_000 }, async () => {
    const [repository, data] = [temporaryFolder(), temporaryFolder()];
    cleanUp.push(repository.remove, data.remove);
    await writeParquet(
      `select i % 200000 as id, timestamp '2026-01-01' + to_seconds(i) as event_timestamp, i as n from range(600000) as t(i)`,
      join(repository.path, 'events.parquet'),
    );
    writeFileSync(join(repository.path, 'views.yaml'), EVENTS);
    const server = await startProgram(MAIN, ['--port', '0', '--definitions', repository.path, '--data', data.path]);
    const run = await new FeatureServer(server.url).post('/materialize?async=true', {
      start_ts: '2026-01-01',
      end_ts: '2026-01-31',
    });
    expect(run.status).toBe(202);
    await server.stop();
    expect([server.child.exitCode, server.child.signalCode]).toEqual([0, null]);
  });

  it('says what it lacks, and exits 1', () => {
    expect(run('--port', '0')).toMatchObject({ status: 1, stderr: expect.stringContaining('--definitions') });
    expect(run('--definitions', '/does/not/exist')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('/does/not/exist'),
    });
    expect(run('--registry', '/a', '--definitions', '/b')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('not both'),
    });
  });
});
