import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Started, startProgram, temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createProgram } from '../src/index.ts';

const MAIN = join(import.meta.dirname, '../../platform-api/src/main.ts');
const folder = temporaryFolder();
const home = temporaryFolder();
let platform: Started;

beforeAll(async () => {
  const args = ['--port', '0', '--data', folder.path, '--empty', '--identity', 'required'];
  platform = await startProgram(MAIN, args);
});
afterAll(async () => {
  await platform.stop();
  folder.remove();
  home.remove();
});

async function mlops(env: Record<string, string>, ...args: string[]): Promise<string> {
  let output = '';
  const write = (text: string) => {
    output += text;
  };
  const program = createProgram({ HOME: home.path, MLOPS_URL: platform.url, ...env }, write, () => {});
  await program.exitOverride().parseAsync(['node', 'mlops', ...args]);
  return output;
}

it('signs in with a token once, makes narrower ones, and signs out', async () => {
  await expect(mlops({}, 'deployments', 'list')).rejects.toThrow('carries no token');
  const signedIn = await mlops({}, 'login', '--token-file', join(folder.path, 'admin-token'));
  expect(signedIn).toContain('platform-admin');
  expect(statSync(join(home.path, '.config/mlops/credentials.json')).mode & 0o777).toBe(0o600);
  expect(await mlops({}, 'deployments', 'list')).toBe('none\n');
  expect(await mlops({}, 'audit', 'export')).toContain('"sequence"');

  const made = await mlops({}, '--json', 'tokens', 'create', 'ci', '--role', 'viewer', '--service-account', 'ci');
  const { id, token } = JSON.parse(made) as { id: string; token: string };
  expect(await mlops({ MLOPS_TOKEN: token }, 'whoami')).toContain('viewer');
  await expect(mlops({ MLOPS_TOKEN: token }, 'quotas', 'set', 'deployments', '1')).rejects.toThrow('may not');
  expect(await mlops({}, 'tokens', 'list')).toContain('ci');
  await mlops({}, 'tokens', 'revoke', id);
  await expect(mlops({ MLOPS_TOKEN: token }, 'whoami')).rejects.toThrow('not valid');

  expect(await mlops({}, 'teams', 'create', 'fraud', '--size', 'S', '--owner', 'fay')).toContain('fraud');
  await mlops({}, 'teams', 'members', 'set', 'fraud', 'rob', 'viewer', 'data-scientist');
  expect(await mlops({}, 'teams', 'members', 'list', 'fraud')).toMatch(
    /fay.*team-admin[^]*rob.*viewer, data-scientist/,
  );
  const forRob = ['tokens', 'create', 'laptop', '--for-team', 'fraud', '--member', 'rob'];
  const robs = (JSON.parse(await mlops({}, '--json', ...forRob)) as { token: string }).token;
  expect(await mlops({ MLOPS_TOKEN: robs }, 'whoami')).toContain('fraud');
  expect(await mlops({}, '--team', 'fraud', 'whoami')).toContain('fraud');
  await expect(mlops({ MLOPS_TEAM: 'nowhere' }, 'whoami')).rejects.toThrow("no team 'nowhere'");
  expect(await mlops({ MLOPS_TOKEN: robs }, 'teams', 'list')).not.toContain('default');
  await mlops({}, 'teams', 'archive', 'fraud');
  await expect(mlops({ MLOPS_TOKEN: robs }, 'whoami')).rejects.toThrow("no team 'fraud'");

  expect(await mlops({}, 'status')).toMatch(/works +database/);
  expect(await mlops({}, 'settings')).toContain('required');
  const asViewer = ['access', 'can', 'write', 'registered-model-alias:payments@champion', '--role', 'viewer'];
  expect(await mlops({}, ...asViewer)).toContain('none permits it');

  await mlops({}, 'logout');
  expect(readFileSync(join(home.path, '.config/mlops/credentials.json'), 'utf8')).not.toContain('mlops_');
  await expect(mlops({}, 'whoami')).rejects.toThrow('carries no token');
});
