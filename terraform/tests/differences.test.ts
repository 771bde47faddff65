import { beforeAll, expect, it } from 'vitest';
import { resources } from '../terraform.ts';
import { type Environment, environments, planOf } from './plans.ts';
import { terraformSuite } from './provider.ts';

/** An address without its keys: what the configuration says once. */
const plain = (address: string) => address.replaceAll(/\[[^\]]*\]/g, '');

/** What stands in an environment's state, by the root that makes it. */
const ROOTS = { platform: 'module.platform.', account: 'module.account.' } as const;

terraformSuite('what the environments are beside production, which is applied whole', [], () => {
  const addresses = new Map<Environment, readonly string[]>();
  const of = (environment: Environment) => addresses.get(environment) ?? [];

  beforeAll(async () => {
    for (const environment of environments)
      addresses.set(
        environment,
        resources(await planOf(environment)).map(({ address }) => address),
      );
  }, 600_000);

  it('is nothing but the schedules of development', () => {
    const applied = new Set(of('prod').map(plain));
    const more = environments.flatMap((environment) =>
      of(environment)
        .map(plain)
        .filter((address) => !applied.has(address)),
    );
    expect([...new Set(more)].sort()).toEqual(
      [
        'aws_iam_role.this',
        'aws_iam_role_policy.this',
        'aws_scheduler_schedule.this',
        'aws_scheduler_schedule_group.this',
      ].map((address) => `module.platform.module.off_hours.${address}`),
    );
  });

  it('is small enough to be read: development has 250 resources in its own state at most', () => {
    const count = (environment: Environment, root: keyof typeof ROOTS) =>
      of(environment).filter((address) => address.startsWith(ROOTS[root])).length;
    const counts = environments.map((environment) => [
      environment,
      count(environment, 'platform'),
      count(environment, 'account'),
    ]);
    console.log(
      counts.map(([environment, platform, account]) => `${environment}: ${platform} and ${account}`).join('\n'),
    );
    expect(count('dev', 'platform')).toBeLessThanOrEqual(250);
    for (const environment of environments)
      expect(count(environment, 'platform') + count(environment, 'account')).toBe(of(environment).length);
  });
});
