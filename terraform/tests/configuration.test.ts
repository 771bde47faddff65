import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Block, blocks } from '../generate/configuration.ts';
import { generated } from '../generate/index.ts';

const root = join(import.meta.dirname, '..');
const folders = (parent: string) =>
  readdirSync(join(root, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${parent}/${name}`);
const modules = folders('modules');
const source = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.tf'))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'))
    .join('\n');

describe.each(modules)('%s', (module) => {
  const all = blocks(join(root, module));
  const variables = all.filter(({ kind }) => kind === 'variable');
  const tests = readdirSync(join(root, module, 'tests')).map((name) =>
    readFileSync(join(root, module, 'tests', name), 'utf8'),
  );
  const refused = tests
    .flatMap((text) => [...text.matchAll(/expect_failures\s*=\s*\[([^\]]*)\]/g)])
    .flatMap(([, names = '']) => [...names.matchAll(/var\.(\w+)/g)].map(([, name]) => name));

  it('has the five files', () => {
    const missing = ['main.tf', 'variables.tf', 'outputs.tf', 'versions.tf', 'README.md'].filter(
      (name) => !existsSync(join(root, module, name)),
    );
    expect(missing).toEqual([]);
  });

  it('types, describes and validates each variable', () => {
    expect(variables.length).toBeGreaterThan(0);
    // a boolean has no wrong value
    const careless = variables.filter(
      ({ attributes: { description, type }, inside }) =>
        !description || !type || /\bany\b/.test(type) || (type !== 'bool' && !inside.includes('validation')),
    );
    expect(careless.map(label)).toEqual([]);
  });

  it('has a test of each validation that sees it refuse', () => {
    const unproven = variables.filter((variable) => {
      const rules = variable.inside.filter((kind) => kind === 'validation').length;
      return refused.filter((name) => name === label(variable)).length < rules;
    });
    expect(unproven.map(label)).toEqual([]);
  });

  it('describes each output', () => {
    const outputs = all.filter(({ kind }) => kind === 'output');
    expect(outputs.length).toBeGreaterThan(0);
    expect(outputs.filter(({ attributes }) => !attributes['description']).map(label)).toEqual([]);
  });

  it('needs the AWS provider and no other', () => {
    const versions = readFileSync(join(root, module, 'versions.tf'), 'utf8');
    expect([...versions.matchAll(/source += "([^"]+)"/g)].map(([, name]) => name)).toEqual(['hashicorp/aws']);
    expect(versions).toMatch(/version +=\s">= 5\.100\.0, < 7\.0\.0"/);
    const types = all
      .filter(({ kind }) => kind === 'resource' || kind === 'data')
      .map(({ labels: [type = ''] }) => type);
    expect(types.filter((type) => !type.startsWith('aws_'))).toEqual([]);
  });

  it('allows no wildcard of actions', () => {
    const statements = source(module).split(/\bstatement\b/);
    const allowing = statements.filter((text) => !/effect\s+= "Deny"/.test(text)).join('\n');
    expect([...allowing.matchAll(/"[a-z0-9-]+:[A-Za-z]*\*"/g)].map(([action]) => action)).toEqual([]);
    expect(allowing).not.toMatch(/actions\s*=\s*\[\s*"\*"/);
  });
});

const environments = folders('environments');

describe.each(environments)('%s', (environment) => {
  it('contains calls of modules only', () => {
    const kinds = new Set([...source(environment).matchAll(/^(\w+)\b.*\{/gm)].map(([, kind]) => kind));
    expect([...kinds].sort()).toEqual(['module', 'output', 'provider', 'terraform', 'variable']);
  });

  it('keeps its state in S3, encrypted and locked there', () => {
    const backend = /backend "s3" \{([^}]*)\}/.exec(source(environment))?.[1] ?? '';
    expect(backend).toMatch(/encrypt +=\s*true/);
    expect(backend).toMatch(/use_lockfile +=\s*true/);
    expect(backend).not.toContain('dynamodb');
  });

  it('locks the provider at the version of all proofs, for every platform', () => {
    // h1 is the unpacked package of one platform, zh each of the release's archives: without them `init` on a Mac fails.
    const lock = readFileSync(join(root, environment, '.terraform.lock.hcl'), 'utf8');
    expect([...lock.matchAll(/version += "([^"]+)"/g)].map(([, version]) => version)).toEqual(['5.100.0']);
    expect(lock.match(/"h1:/g)).toHaveLength(1);
    expect(lock.match(/"zh:[0-9a-f]{64}"/g)).toHaveLength(15);
    const { status } = spawnSync('git', ['check-ignore', '-q', join(root, environment, '.terraform.lock.hcl')]);
    expect(status, 'git must not ignore it').not.toBe(0);
  });

  it('composes nothing itself, and is short', () => {
    const called = [...source(environment).matchAll(/source\s+= "\.\.\/\.\.\/(modules\/[a-z0-9-]+)"/g)].map(
      ([, name]) => name,
    );
    expect(called).toEqual([environment.endsWith('/account') ? 'modules/account' : 'modules/platform']);
    const files = ['main.tf', 'variables.tf', 'outputs.tf'].map((name) =>
      readFileSync(join(root, environment, name), 'utf8'),
    );
    expect(files.join('').split('\n').length).toBeLessThanOrEqual(80);
  });
});

it('calls every module from a composition', () => {
  const called = modules.flatMap((module) =>
    [...source(module).matchAll(/source\s+= "\.\.\/([a-z0-9-]+)"/g)].map(([, name]) => `modules/${name}`),
  );
  expect([...new Set(called), 'modules/account', 'modules/platform'].sort()).toEqual(modules);
});

describe.each(['dev', 'staging', 'prod'])('the settings of the account of %s', (environment) => {
  const settings = (file: string) =>
    new Map(
      [...readFileSync(join(root, 'environments', file), 'utf8').matchAll(/^ {0,2}(\w+) *= ("[^"]*"|\[.*\])$/gm)].map(
        ([, name = '', value = '']) => [name, value],
      ),
    );

  it('are those of the environment where both have them', () => {
    const [account, own] = [settings(`account/${environment}.tfvars`), settings(`${environment}/terraform.tfvars`)];
    expect(account.get('platform_name')).toBe(own.get('name'));
    const shared = [...account.keys()].filter((name) => own.has(name));
    expect(shared).toEqual(
      expect.arrayContaining(['account_id', 'region', 'secondary_region', 'domain', 'Environment', 'CostCenter']),
    );
    for (const name of shared) expect([name, account.get(name)]).toEqual([name, own.get(name)]);
  });
});

it('is up to date where it is generated', () => {
  const files = generated();
  expect(Object.keys(files)).toHaveLength(2 * modules.length + 1);
  const stale = Object.entries(files).filter(([path, content]) => !readFileSync(join(root, path)).equals(content));
  expect(stale.map(([path]) => path)).toEqual([]);
});

function label({ labels }: Block): string {
  return labels.join('.');
}
