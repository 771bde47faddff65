import { beforeAll, describe, expect, it } from 'vitest';
import { policies, refusals } from '../policies/index.ts';
import { clauses, elsewhere } from '../policies/standards.ts';
import type { Plan } from '../terraform.ts';
import { type Environment, environments, planOf } from './plans.ts';
import { examples, remove } from './policies.examples.ts';
import { terraformSuite } from './provider.ts';
import { smallPlan } from './small-plan.ts';

const written = (plan: Plan) =>
  refusals(plan).map(({ policy, address, message }) => `${policy}: ${address} ${message}`);

terraformSuite('the policies on the plans of the environments', [], () => {
  const plans = new Map<Environment, Plan>();
  const planned = (environment: Environment = 'prod') => structuredClone(plans.get(environment) as Plan);
  beforeAll(async () => {
    for (const environment of environments) plans.set(environment, await planOf(environment));
  }, 600_000);

  it.each(environments)('are kept in %s', (environment) => {
    expect(written(planned(environment))).toEqual([]);
  });

  it.each(policies.map(({ id }) => id))('%s refuses its failing example, and no other policy does', (id) => {
    const example = examples[id];
    if (!example) throw new Error(`${id} has no failing example`);
    const before = written(planned(example.environment));
    const spoilt = planned(example.environment);
    example.spoil(spoilt);
    const refused = refusals(spoilt).filter(
      ({ policy, address, message }) => !before.includes(`${policy}: ${address} ${message}`),
    );
    expect([...new Set(refused.map(({ policy }) => policy))]).toEqual([id]);
  });

  it.each(policies)('$id is not kept by leaving things out', ({ id, needs, environments: [where = 'prod'] = [] }) => {
    for (const type of needs) {
      const without = planned(where as Environment);
      remove(without, type);
      expect(refusals(without)).toContainEqual({ policy: id, address: 'the plan', message: `has no ${type}` });
    }
  });
});

describe('the policies', () => {
  it('have a name of their own, and an example each', () => {
    const ids = policies.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(examples).sort()).toEqual([...ids].sort());
    expect(policies.filter(({ needs, proves }) => needs.length === 0 || proves.length === 0)).toEqual([]);
    const unproven = policies.filter(
      ({ proves, source = '' }) => proves.includes('AWS limits') && !source.startsWith('https://'),
    );
    expect(unproven).toEqual([]);
  });

  it('prove every clause that a plan can prove; the others say where they are kept', () => {
    const proven = new Set(policies.flatMap(({ proves }) => proves));
    expect(clauses.filter((clause) => proven.has(clause) === clause in elsewhere)).toEqual([]);
    expect([...proven].filter((clause) => !clauses.includes(clause))).toEqual([]);
  });

  it('leave alone what the organisation has', () => {
    const refused = (baseline: readonly string[]) =>
      refusals(smallPlan([], { environment: 'prod', baseline })).map(({ policy }) => policy);
    expect(refused(['config', 'guardduty', 'security_hub'])).toEqual(
      expect.arrayContaining(['configuration-recorded', 'config-delivers']),
    );
    expect(refused(['guardduty', 'security_hub'])).not.toContain('configuration-recorded');
    expect(refused(['guardduty', 'security_hub'])).toContain('threats-detected');
    expect(refused(['config', 'security_hub'])).not.toContain('threats-detected');
  });

  it('refuse an empty plan, each of them that applies', () => {
    const refused = new Set(refusals(smallPlan([], { environment: 'prod' })).map(({ policy }) => policy));
    const applicable = policies.filter(({ environments: where }) => where?.includes('prod') ?? true);
    expect([...refused].sort()).toEqual(applicable.map(({ id }) => id).sort());
  });
});
