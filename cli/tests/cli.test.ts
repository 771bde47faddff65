import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deployExample } from '@mlops/flight-delays';
import { type Started, startProgram, temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../src/index.ts';

const ROOT = join(import.meta.dirname, '../..');
const REQUEST = join(ROOT, 'examples/flight-delays/model/serving_input_example.json');

describe('mlops', () => {
  const folder = temporaryFolder();
  let platform: Started;

  beforeAll(async () => {
    platform = await startProgram(join(ROOT, 'platform-api/src/main.ts'), [
      '--port',
      '0',
      '--data',
      folder.path,
      '--empty',
    ]);
    await deployExample(platform.url);
  });
  afterAll(async () => {
    await platform.stop();
    folder.remove();
  });

  async function mlops(...args: string[]): Promise<string> {
    let output = '';
    const program = createProgram({ MLOPS_URL: platform.url }, (text) => {
      output += text;
    });
    await program.parseAsync(['node', 'mlops', ...args]);
    return output;
  }

  it('status tells whether the platform is ready', async () => {
    expect(await mlops('status')).toMatch(/ready +yes\ndeployments +flight-delays \(ready\)/);
    expect(JSON.parse(await mlops('status', '--json'))).toMatchObject({ ready: true });
  });

  it('models list and show', async () => {
    expect(await mlops('models', 'list')).toMatch(/flight-delays +1 +@champion=1/);
    expect(await mlops('models', 'show', 'flight-delays')).toContain('champion');
    expect(JSON.parse(await mlops('models', 'show', 'flight-delays', '--json')).versions).toHaveLength(1);
  });

  it('deploy makes a revision, rollback returns, delete ends', async () => {
    expect(await mlops('deploy', 'second', 'models:/flight-delays@champion')).toMatch(/revision +1/);
    expect(await mlops('deploy', 'second', 'models:/flight-delays/1', '--key-column', 'flight')).toMatch(/revision +2/);
    expect(await mlops('deployments', 'rollback', 'second')).toMatch(/revision +1/);
    expect(JSON.parse(await mlops('deployments', 'show', 'second', '--json'))).toMatchObject({ live_revision: 1 });
    expect(await mlops('deployments', 'list')).toMatch(/second +ready +1/);
    await mlops('deployments', 'delete', 'second');
    await expect(mlops('deployments', 'show', 'second')).rejects.toThrow("There is no deployment 'second'.");
    expect(await mlops('deployments', 'list', '--as-of', '2020-01-01')).toBe('none\n');
  });

  it('predict asks, predictions shows', async () => {
    expect(JSON.parse(await mlops('predict', 'flight-delays', '--file', REQUEST))).toHaveLength(3);
    expect(JSON.parse(await mlops('predictions', 'flight-delays', '--json'))).toHaveLength(3);
    expect(await mlops('predictions', 'flight-delays', '--limit', '1')).toContain('probability_late');
    await expect(mlops('predict', 'flight-delays', '--file', '/nowhere')).rejects.toThrow('There is no file /nowhere.');
  });

  it('audit list, export and verify', async () => {
    expect(await mlops('audit', 'list')).toContain('createDeployment');
    const exported = await mlops('audit', 'export');
    const file = join(folder.path, 'audit.ndjson');
    writeFileSync(file, exported);
    expect(await mlops('audit', 'verify', file)).toMatch(/^\d+ entries, unbroken/);
    writeFileSync(file, exported.replace('"outcome":"succeeded"', '"outcome":"denied"'));
    await expect(mlops('audit', 'verify', file)).rejects.toThrow('line 1: entry 1 was changed');
    await expect(mlops('audit', 'verify', '/nowhere')).rejects.toThrow('There is no file');
  });

  it('says what to do when no platform answers', async () => {
    await expect(mlops('--url', 'http://127.0.0.1:1', 'status')).rejects.toThrow("Start one with 'mlops up'");
  });

  it('is a program: it exits 1 with one line on standard error', () => {
    const command = [join(ROOT, 'cli/bin/mlops.mjs'), 'deployments', 'show', 'nothing'];
    const { status, stderr } = spawnSync(process.execPath, command, {
      encoding: 'utf8',
      env: { ...process.env, MLOPS_URL: platform.url },
    });
    expect([status, stderr]).toEqual([1, "mlops: There is no deployment 'nothing'.\n"]);
  });
});
