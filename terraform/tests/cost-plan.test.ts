import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Estimate } from '../cost/estimate.ts';
import type { SeedComparison } from '../cost/seed.ts';
import type { Plan } from '../terraform.ts';
import { folderOf, planOf } from './plans.ts';
import { terraformSuite } from './provider.ts';
import { smallPlan } from './small-plan.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Runs the program as `npm run cost -- …` does. */
function run(...args: string[]) {
  const program = join(import.meta.dirname, '../cost/main.ts');
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', timeout: 300_000 });
}

type Output = Estimate & { readonly monthlyAroundTheClock: number; readonly seed?: SeedComparison };
const read = (...args: string[]) => JSON.parse(run(...args, '--json').stdout) as Output;

terraformSuite('the cost of the environments', [], () => {
  const file = (environment: string) => join(folder.path, `${environment}.json`);
  beforeAll(async () => {
    for (const environment of ['dev', 'staging', 'prod'] as const)
      writeFileSync(file(environment), JSON.stringify(await planOf(environment)));
  }, 600_000);

  it("reproduces the seed's table of development", () => {
    const { seed } = read('--plan', file('dev'));
    const nodes = 3 * 730 * 0.192 * 0.43;
    const database = 730 * 0.072 + 20 * 0.115 + 50 * 0.095;
    expect(seed?.rows.map(({ ours }) => ours.toFixed(2))).toEqual([
      '73.00',
      nodes.toFixed(2),
      database.toFixed(2),
      '23.00',
    ]);
    expect(seed?.reproduced).toBeCloseTo(336.42, 2);
  });

  it('states what the seed left out, and adds up', () => {
    const { seed, monthly } = read('--plan', file('dev'));
    const left = new Map(seed?.leftOut.map((one) => [one.service, one.monthly]));
    expect(left.get('NAT gateways')).toBeCloseTo(730 * 0.045 + 100 * 0.045, 6);
    expect(left.get('Load balancers')).toBeCloseTo(730 * 0.0225 + 4.38, 6);
    expect(left.get('Volumes and snapshots (EBS)')).toBeCloseTo(3 * 100 * 0.08 + 200 * 0.08 + 50 * 0.05, 6);
    for (const service of ['Logs', 'Keys (KMS)']) expect(left.get(service)).toBeGreaterThan(0);
    const sum = [...left.values()].reduce((total, one) => total + one, 0);
    expect((seed?.reproduced ?? 0) + sum - (seed?.offHours ?? 0)).toBeCloseTo(monthly, 6);
  });

  it('finds that stopping outside business hours saves money in development only', () => {
    const [dev, staging, prod] = (['dev', 'staging', 'prod'] as const).map((one) => read('--plan', file(one)));
    expect(dev?.monthlyAroundTheClock).toBeGreaterThan((dev?.monthly ?? 0) * 1.3);
    expect(staging?.monthlyAroundTheClock).toBe(staging?.monthly);
    expect(prod?.monthlyAroundTheClock).toBe(prod?.monthly);
  });

  it.each(['dev', 'staging', 'prod'] as const)('knows the price of everything in %s', (environment) => {
    const { unknown, resources, monthly } = read('--plan', file(environment));
    expect(unknown).toEqual([]);
    expect(resources.reduce((total, one) => total + one.monthly, 0)).toBeCloseTo(monthly, 6);
  });

  it('adds up plans that were made apart', () => {
    const plan = JSON.parse(readFileSync(file('prod'), 'utf8')) as Plan;
    const part = (name: string) => {
      const modules = (plan.planned_values.root_module.child_modules ?? []) as readonly { address: string }[];
      const own = modules.filter(({ address }) => address === `module.${name}`);
      const path = join(folder.path, `${name}.json`);
      writeFileSync(path, JSON.stringify({ ...plan, planned_values: { root_module: { child_modules: own } } }));
      return path;
    };
    const apart = read('--plan', part('account'), '--plan', part('platform'));
    expect(apart.monthly).toBeCloseTo(read('--plan', file('prod')).monthly, 6);
  });

  it('says in words what production takes', () => {
    const { stdout, status } = run('--plan', file('prod'));
    expect(status).toBe(0);
    for (const words of [
      'By module',
      'By resource',
      'predictions per second',
      'the seed states',
      'Where savings lie',
      'savings plans',
    ])
      expect(stdout).toContain(words);
  });

  it('plans the environment itself', { timeout: 300_000 }, () => {
    const { stdout, stderr, status } = run(folderOf('dev'), '--strict');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toMatch(/^dev: [\d.,]+ \$ a month/);
    expect(stdout).toMatch(/total +336\.00 +336\.42 +0\.42/);
  });
});

describe('npm run cost', () => {
  const plan = join(folder.path, 'small.json');
  const usage = join(folder.path, 'usage.json');
  const resources = [{ type: 'aws_eks_cluster', values: { version: '1.35' } }, { type: 'aws_sagemaker_endpoint' }];
  const usageOfDev = join(import.meta.dirname, '../cost/usage/dev.json');
  writeFileSync(plan, JSON.stringify(smallPlan(resources, { environment: 'small' })));
  writeFileSync(
    usage,
    JSON.stringify({ environment: 'small', basis: 'a test', types: {}, resources: {}, outsideThePlan: [] }),
  );

  it('names what has no price, in words and in JSON, and fails for it only where it is told to', () => {
    const { stdout, status } = run('--plan', plan, '--usage', usage);
    expect(stdout).toMatch(/NOT IN THE TOTAL.*\n +aws_sagemaker_endpoint\.this +there is no rule/);
    expect(status).toBe(0);
    expect(run('--plan', plan, '--usage', usage, '--strict').status).toBe(1);
    expect(read('--plan', plan, '--usage', usage)).toMatchObject({
      monthly: 73,
      unknown: [{ address: 'aws_sagemaker_endpoint.this' }],
    });
  });

  it.each<[string, string[], string]>([
    ['no environment', [], 'usage: npm run cost'],
    ['a folder that is none', ['terraform/modules/vpc'], 'is no environment'],
    ['two environments', ['a', 'b'], 'one environment at a time'],
    ['an unknown flag', ['--yaml'], "Unknown option '--yaml'"],
    ['a plan that is not there', ['--plan', 'nowhere.json'], 'there is no file nowhere.json'],
    ['a file that is no plan', ['--plan', usage], 'is no plan'],
    ['the usage of another environment', ['--plan', plan, '--usage', usageOfDev], 'is the usage of "dev"'],
    ['an environment without a usage file', ['--plan', plan], 'there is no usage file for the environment "small"'],
  ])('refuses %s', (_name, args, message) => {
    const { stdout, stderr, status } = run(...args);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
  });
});
