import { spawnSync } from 'node:child_process';
import { startProgram, temporaryFolder } from '@mlops/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { drivers } from './contract/writing.ts';
import { makeRepository } from './history.ts';
import { FeatureServer, MAIN } from './serving.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});
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
