import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { needTool, pythonEnvironment, suite, temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPlatform, type TestPlatform } from './platform.ts';

suite('unmodified clients of two teams, side by side', { needs: ['mlops-python'] }, () => {
  let platform: TestPlatform;
  let admin = '';
  const tokens = new Map<string, string>();
  beforeAll(async () => {
    platform = await startPlatform(['--identity', 'required']);
    admin = readFileSync(join(platform.data, 'admin-token'), 'utf8').trim();
    for (const team of ['alpha', 'bravo', 'charlie', 'delta']) {
      await post('/api/v1/teams', { name: team });
      const body = { name: 'laptop', team, roles: ['data-scientist'], service_account: 'laptop' };
      tokens.set(team, (await post('/api/v1/tokens', body)).token);
    }
  });
  afterAll(async () => {
    await platform.stop();
    platform.remove();
  });

  async function post(path: string, body: unknown): Promise<any> {
    const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' };
    const answer = await fetch(`${platform.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return answer.json();
  }
  async function mlflow(team: string, value: number, env: Record<string, string>) {
    const args = [join(import.meta.dirname, 'clients.py'), platform.url, team, String(value)];
    const python = needTool('mlops-python');
    const folder = temporaryFolder();
    const options = { cwd: folder.path, env: { ...pythonEnvironment(python), ...env } };
    const { code, stdout, stderr } = await run(python, args, options);
    folder.remove();
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  }
  const alone = (value: number) => ({
    experiments: ['Default', 'churn'],
    auc: [value],
    notes: `notes of ${value}`,
    models: ['payments'],
  });

  it('mlflow with a token of its team sees what is its team’s, and nothing else', { timeout: 120_000 }, async () => {
    const [a, b] = await Promise.all([
      mlflow('-', 0.7, { MLFLOW_TRACKING_TOKEN: tokens.get('alpha') ?? '' }),
      mlflow('-', 0.8, { MLFLOW_TRACKING_USERNAME: 'laptop', MLFLOW_TRACKING_PASSWORD: tokens.get('bravo') ?? '' }),
    ]);
    expect([a, b]).toEqual([alone(0.7), alone(0.8)]);
  });

  it('mlflow of an administrator names the team as its workspace', { timeout: 120_000 }, async () => {
    const env = { MLFLOW_TRACKING_TOKEN: admin };
    const both = await Promise.all([mlflow('charlie', 0.1, env), mlflow('delta', 0.2, env)]);
    expect(both).toEqual([alone(0.1), alone(0.2)]);
  });
});
