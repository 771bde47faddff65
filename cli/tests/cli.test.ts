import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
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
  let warned = '';

  beforeAll(async () => {
    const start = () =>
      startProgram(join(ROOT, 'platform-api/src/main.ts'), ['--port', '0', '--data', folder.path, '--empty']);
    // A folder with a log has a database.
    await (await start()).stop();
    logBefore('flights', 30);
    logBefore('damaged', 0);
    platform = await start();
    await deployExample(platform.url);
  });
  afterAll(async () => {
    await platform.stop();
    folder.remove();
  });

  /** What a command prints, once it does not fail. */
  async function waitFor(command: () => Promise<string>): Promise<string> {
    for (;;) {
      try {
        return await command();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  /** A log in the form that the platform takes over when it starts: one prediction, some days old. */
  function logBefore(deployment: string, days: number): void {
    const path = join(folder.path, `predictions/deployment=${deployment}`);
    mkdirSync(path, { recursive: true });
    const prediction = {
      id: `${deployment}-1`,
      request_id: 'r',
      team: 'default',
      deployment,
      revision: 1,
      model_version: '1',
      key: null,
      inputs: '{}',
      outputs: '{}',
      latency_ms: 1,
      status: 200,
      error: null,
      time: Date.now() - days * 86_400_000,
    };
    writeFileSync(join(path, '1.ndjson'), `${JSON.stringify(prediction)}\n`);
  }

  async function mlops(...args: string[]): Promise<string> {
    let output = '';
    warned = '';
    const program = createProgram(
      { MLOPS_URL: platform.url },
      (text) => {
        output += text;
      },
      (text) => {
        warned += text;
      },
    );
    await program.parseAsync(['node', 'mlops', ...args]);
    return output;
  }

  it('status tells whether the platform is ready', async () => {
    expect(await mlops('status')).toMatch(
      /ready +yes\nworks +database, tracking, deployments, features\ndeployments +flight-delays \(ready\)/,
    );
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

  it('actuals tells of ids that are not in the log, and attaches the others', async () => {
    await mlops('predict', 'flight-delays', '--file', REQUEST);
    const [{ id }] = JSON.parse(await mlops('predictions', 'flight-delays', '--limit', '1', '--json'));
    const file = join(folder.path, 'unknown.json');
    const strangers = Array.from({ length: 12 }, (_, i) => `stranger-${i}`);
    writeFileSync(file, JSON.stringify([id, ...strangers].map((prediction_id) => ({ prediction_id, value: 7 }))));
    await expect(mlops('actuals', 'attach', 'flight-delays', '--file', file)).rejects.toThrow(
      /^The log of 'flight-delays' has no predictions with these ids.*: stranger-0, .*stranger-9 and 2 more\.$/,
    );
    const [{ actual }] = JSON.parse(await mlops('predictions', 'flight-delays', '--limit', '1', '--json'));
    expect(actual.value).toBe(7);
    const command = [join(ROOT, 'cli/bin/mlops.mjs'), 'actuals', 'attach', 'flight-delays', '--file', file, '--json'];
    const env = { ...process.env, MLOPS_URL: platform.url };
    const { status, stdout } = spawnSync(process.execPath, command, { encoding: 'utf8', env });
    expect([status, JSON.parse(stdout)]).toEqual([1, { accepted: 1, unknown: strangers }]);
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

  it('predictions warns of files of the log that cannot be read', async () => {
    await mlops('deploy', 'damaged', 'models:/flight-delays/1');
    expect(await mlops('predictions', 'damaged')).toContain('damaged-1');
    expect(warned).toBe('');
    const objects = join(folder.path, 'predictions/objects');
    const segment = readdirSync(objects, { recursive: true, encoding: 'utf8' }).find((path) =>
      /damaged.*\.parquet$/.test(path),
    );
    truncateSync(join(objects, segment ?? ''), 20);
    expect(await mlops('predictions', 'damaged')).toBe('none\n');
    expect(warned).toBe(`mlops: What these files of the log hold is missing, they cannot be read: ${segment}.\n`);
    await mlops('deployments', 'delete', 'damaged');
  });

  it('predictions retention tells and sets; jobs run removes what is older, jobs runs tells of it', async () => {
    await mlops('deploy', 'flights', 'models:/flight-delays/1');
    expect(await mlops('predictions', 'retention')).toBe('days  90\n');
    expect(await mlops('predictions', 'retention', '7')).toBe('days  7\n');
    expect(JSON.parse(await mlops('predictions', 'retention', '--json'))).toEqual({ days: 7 });
    await expect(mlops('predictions', 'retention', 'long')).rejects.toThrow("a whole number, not 'long'");
    await expect(mlops('predictions', 'retention', '0')).rejects.toThrow("'days'");
    expect(await mlops('predictions', 'flights')).toContain('flights-1');

    expect(await mlops('jobs', 'run', 'expire-predictions')).toBe('due  expire-predictions\n');
    await expect.poll(() => mlops('jobs', 'runs', 'expire-predictions'), { timeout: 30_000 }).toContain('removed 1');
    expect(await mlops('predictions', 'flights')).toBe('none\n');
    const [run] = JSON.parse(await mlops('jobs', 'runs', 'expire-predictions', '--limit', '1', '--json'));
    expect(run).toMatchObject({ job: 'expire-predictions', status: 'succeeded' });
    // Asked to end too late: it says how it ended.
    expect(await mlops('jobs', 'cancel', 'expire-predictions', run.id)).toMatch(/status +succeeded/);
    await mlops('deployments', 'delete', 'flights');
  });

  it('jobs list shows all, and the others say which there are', async () => {
    expect(await mlops('jobs', 'list')).toMatch(/expire-predictions +3600 s +\d{4}-/);
    const listed = JSON.parse(await mlops('jobs', 'list', '--json')).map(({ name }: { name: string }) => name);
    expect(listed).toContain('seal-predictions');
    for (const command of [['run'], ['runs'], ['cancel', 'x']]) {
      const [verb = '', ...more] = command;
      await expect(mlops('jobs', verb, 'none', ...more)).rejects.toThrow("There is no job 'none'; there are");
    }
    await expect(mlops('jobs', 'cancel', 'seal-predictions', 'x')).rejects.toThrow("has no run 'x'");
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

  it('audit verify finds by a signed checkpoint what was cut off, and takes no other signature', async () => {
    const note = await waitFor(() => mlops('audit', 'checkpoint'));
    const kept = (name: string, text: string) => {
      const file = join(folder.path, name);
      writeFileSync(file, text);
      return file;
    };
    const checkpoint = kept('checkpoint.txt', note);
    const keys = kept('keys.txt', await mlops('audit', 'checkpoint', '--keys'));
    const exported = (await mlops('audit', 'export')).trim().split('\n');
    const size = Number(note.split('\n')[1]);
    const verify = (lines: readonly string[], ...args: string[]) =>
      mlops('audit', 'verify', kept('export.ndjson', lines.join('\n')), '--checkpoint', ...args);
    expect(await verify(exported, checkpoint, '--keys', keys)).toContain(
      `The first ${size} are those of the checkpoint`,
    );
    const cut = exported.slice(0, size - 1);
    await expect(verify(cut, checkpoint, '--keys', keys)).rejects.toThrow('the newest 1 entries');
    await expect(verify(exported, checkpoint)).rejects.toThrow('needs --keys');
    const forged = kept('forged.txt', note.replace(`\n${size}\n`, `\n${size - 1}\n`));
    await expect(verify(cut, forged, '--keys', keys)).rejects.toThrow('none of the keys has signed it');
  }, 30_000);

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
