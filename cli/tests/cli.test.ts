import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
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

  it('actuals attaches one truth, or those of a file', async () => {
    await mlops('deploy', 'keyed', 'models:/flight-delays/1', '--key-column', 'flight');
    const keyed = join(folder.path, 'keyed.json');
    const { dataframe_split: split } = JSON.parse(readFileSync(REQUEST, 'utf8'));
    const rows = split.data.map((row: unknown[], i: number) => [...row, ['a', 'b', 'c'][i]]);
    const body = { dataframe_split: { columns: [...split.columns, 'flight'], data: rows } };
    writeFileSync(keyed, JSON.stringify(body));
    await mlops('predict', 'keyed', '--file', keyed);
    const truths = async () => {
      const found = JSON.parse(await mlops('predictions', 'keyed', '--json'));
      return Object.fromEntries(found.map((each: any) => [each.key, each.actual?.value]));
    };
    const [{ id }] = JSON.parse(await mlops('predictions', 'keyed', '--key', 'a', '--json'));
    expect(await mlops('actuals', 'attach', 'keyed', '1', '--id', id, '--time', '2026-01-01T00:00:00Z')).toMatch(
      /accepted +1/,
    );
    await mlops('actuals', 'attach', 'keyed', 'late', '--key', 'b');
    expect(await truths()).toEqual({ a: 1, b: 'late', c: undefined });
    const csv = join(folder.path, 'actuals.csv');
    writeFileSync(csv, 'key,value,time\nb,0.5,2026-01-02T00:00:00Z\n"c",true,\n');
    await mlops('actuals', 'attach', 'keyed', '--file', csv);
    expect(await truths()).toEqual({ a: 1, b: 0.5, c: true });
    const json = join(folder.path, 'actuals.json');
    writeFileSync(
      json,
      JSON.stringify(Array.from({ length: 1001 }, (_, i) => ({ key: i < 1000 ? `k${i}` : 'c', value: i }))),
    );
    expect(await mlops('actuals', 'attach', 'keyed', '--file', json)).toMatch(/accepted +1001/);
    expect((await truths()).c).toBe(1000);
    await mlops('deployments', 'delete', 'keyed');
  });

  it('actuals says what is wrong', async () => {
    const attach = (...args: string[]) => mlops('actuals', 'attach', 'flight-delays', ...args);
    await expect(attach('1')).rejects.toThrow('either --id or --key');
    await expect(attach('--id', 'x')).rejects.toThrow('Give a value');
    const file = join(folder.path, 'wrong.csv');
    for (const content of ['key,truth\na,1\n', '', 'key,value\na\n']) {
      writeFileSync(file, content);
      await expect(attach('--file', file)).rejects.toThrow(`${file} cannot be used`);
    }
    const json = join(folder.path, 'wrong.json');
    for (const content of ['{}', 'null', '[]', '{bad']) {
      writeFileSync(json, content);
      await expect(attach('--file', json)).rejects.toThrow(`${json} cannot be used`);
    }
    writeFileSync(json, '[{"value": 1}]');
    await expect(attach('--file', json)).rejects.toThrow('actuals.0');
  });

  it('deployments revisions shows all, also those that failed', async () => {
    await mlops('deploy', 'third', 'models:/flight-delays/1');
    await mlops('deploy', 'third', 'models:/flight-delays/1', '--key-column', 'flight');
    const revisions = JSON.parse(await mlops('deployments', 'revisions', 'third', '--json'));
    expect(revisions.map((each: any) => each.revision)).toEqual([2, 1]);
    expect(await mlops('deployments', 'revisions', 'third')).toMatch(/2 +ready +flight-delays\/1 +sha256:/);
    await mlops('deployments', 'delete', 'third');
  });

  it('quotas list and set', async () => {
    expect(await mlops('quotas', 'set', 'deployments', '7')).toMatch(/limit +7/);
    expect(await mlops('quotas', 'list')).toMatch(/deployments +7 +1/);
    await expect(mlops('quotas', 'set', 'deployments', 'many')).rejects.toThrow('a whole number');
  });

  it('aliases list, set and delete', async () => {
    await mlops('aliases', 'set', 'flight-delays', 'next', '1');
    expect(await mlops('aliases', 'list', 'flight-delays')).toMatch(/next +1/);
    await mlops('aliases', 'delete', 'flight-delays', 'next');
    expect(await mlops('aliases', 'list', 'flight-delays')).not.toContain('next');
    await expect(mlops('aliases', 'set', 'flight-delays', 'next', '9')).rejects.toThrow('not found');
  });

  it('predictions shows why one failed', async () => {
    const wrong = join(folder.path, 'wrong-request.json');
    writeFileSync(wrong, JSON.stringify({ dataframe_records: [{ carrier: 5 }] }));
    await mlops('predict', 'flight-delays', '--file', wrong).catch(() => {});
    expect(await mlops('predictions', 'flight-delays')).toMatch(/^ *time.* error/m);
  });

  it('audit list, export and verify', async () => {
    expect(await mlops('audit', 'list')).toContain('createDeployment');
    const exported = await mlops('audit', 'export');
    const file = join(folder.path, 'audit.ndjson');
    writeFileSync(file, exported);
    expect(await mlops('audit', 'verify', file)).toMatch(/^\d+ entries, unbroken/);
    writeFileSync(file, exported.replace('"outcome":"succeeded"', '"outcome":"denied"'));
    await expect(mlops('audit', 'verify', file)).rejects.toThrow('line 1: entry 1 was changed');
    writeFileSync(file, exported.replace('{', '{"outcome":"denied",'));
    await expect(mlops('audit', 'verify', file)).rejects.toThrow('line 1: it names a field twice');
    await expect(mlops('audit', 'verify', '/nowhere')).rejects.toThrow('There is no file');
    await expect(mlops('audit', 'verify', folder.path)).rejects.toThrow(`${folder.path} is a folder, not a file.`);
    writeFileSync(file, '\n');
    await expect(mlops('audit', 'verify', file)).rejects.toThrow('holds no entries');
  });

  it('audit verify finds by a copy of the last hash what was cut off', async () => {
    const exported = await mlops('audit', 'export');
    const entries = exported.trim().split('\n');
    const file = join(folder.path, 'cut.ndjson');
    const lastHash = JSON.parse(entries.at(-1) ?? '').hash as string;
    writeFileSync(file, exported);
    expect(await mlops('audit', 'verify', file, '--last-hash', lastHash)).toContain('unbroken');
    writeFileSync(file, entries.slice(0, -1).join('\n'));
    expect(await mlops('audit', 'verify', file)).toContain('unbroken');
    await expect(mlops('audit', 'verify', file, '--last-hash', lastHash)).rejects.toThrow(`not ${lastHash}`);
  });

  it('says what to do when no platform answers', async () => {
    await expect(mlops('--url', 'http://127.0.0.1:1', 'status')).rejects.toThrow("Start one with 'mlops up'");
  });

  it('writes neither frames nor colours where nobody looks', () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [join(ROOT, 'cli/bin/mlops.mjs'), ...args], {
        encoding: 'utf8',
        env: { ...process.env, MLOPS_URL: platform.url, FORCE_COLOR: undefined },
      });
    const { stdout, stderr } = run('deploy', 'quiet', 'models:/flight-delays/1');
    expect([stdout.includes('\u001b'), stderr]).toEqual([false, '']);
    expect(run('deployments', 'rollback', 'quiet').stderr).toMatch(/^mlops: .*\n$/);
    expect(run('--version')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
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
