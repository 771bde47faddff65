import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Journey, type Travelling, travel } from './journey.ts';
import { terraformSuite } from './provider.ts';

const minutes = 60_000;
const general = ['compute-on-demand', 'compute-spot', 'gpu', 'hipaa', 'system'];
const names = (environment: string, suffix = '') =>
  ['platform', 'registry', 'tracking'].map((database) => `mlops-${environment}-${database}${suffix}`);

const all = [
  { name: 'dev', vpc: '10.0.0.0/16', nodeGroups: ['compute-spot', 'system'], databases: ['mlops-dev-shared'] },
  { name: 'staging', vpc: '10.1.0.0/16', nodeGroups: general, databases: names('staging') },
  { name: 'prod', vpc: '10.2.0.0/16', nodeGroups: general, databases: names('prod') },
] as const;

/**
 * Production has all that the others have but their schedules (differences.test.ts), and databases take minutes to make and to
 * delete, whatever answers. MLOPS_APPLIED_ENVIRONMENTS names others, with commas.
 */
const applied = (process.env['MLOPS_APPLIED_ENVIRONMENTS'] ?? 'prod').split(',');
const environments = all.filter(({ name }) => applied.includes(name));

const nothing = {
  clusters: [],
  vpcs: [],
  databases: [],
  caches: [],
  buckets: [],
  secrets: [],
  roles: [],
  trails: [],
  keys: 0,
};

terraformSuite('an environment, applied to a mock of AWS', ['mlops-python'], () => {
  const journeys = new Map<string, Travelling>();

  beforeAll(() => {
    for (const { name } of environments) {
      const started = travel(name);
      started.journey.catch(() => {}); // told by the test that asks for it
      journeys.set(name, started);
    }
  });

  afterAll(async () => {
    await Promise.all([...journeys.values()].map(({ stop }) => stop()));
  });

  describe.each(environments)('$name', ({ name, vpc, nodeGroups, databases }) => {
    let journey: Journey;

    beforeAll(async () => {
      journey = (await journeys.get(name)?.journey) as Journey;
    }, 20 * minutes);

    it('has no difference when it is planned again', () => {
      expect(journey.secondPlans).toEqual([{}, {}]);
    });

    it('shows exactly one change when one variable is changed', () => {
      expect(journey.changedBudget).toEqual({
        'module.account.module.cost.aws_budgets_budget.this["total"]': 'update',
      });
    });

    it('is in AWS what its settings say', () => {
      const { found, cluster } = journey;
      expect(found).toMatchObject({
        clusters: [`mlops-${name}`],
        vpcs: [vpc],
        databases,
        caches: [`mlops-${name}-features`],
      });
      expect(found.trails).toEqual(['mlops-account']);
      expect(cluster.nodegroups).toEqual(nodeGroups);
      expect(cluster.found).toMatchObject({
        version: '1.35',
        resourcesVpcConfig: { endpointPrivateAccess: true, endpointPublicAccess: false },
        encryptionConfig: [{ resources: ['secrets'] }],
        accessConfig: { authenticationMode: 'API' },
      });
    });

    it('encrypts every bucket by a key of ours, but the one that takes access logs', () => {
      const isAccessLog = ([bucket]: readonly [string, unknown]) => bucket.startsWith('mlops-account-access-logs-');
      const all = Object.entries(journey.encryption);
      expect(all.filter(isAccessLog).map(([, algorithm]) => algorithm)).toEqual(['AES256']);
      const others = all.filter((one) => !isAccessLog(one));
      expect(others.length).toBeGreaterThanOrEqual(7);
      expect(new Set(others.map(([, algorithm]) => algorithm))).toEqual(new Set(['aws:kms']));
    });

    it('is closed: no bucket, no rule for the whole internet, no right by wildcard', () => {
      expect(journey.openBuckets).toEqual([]);
      expect(journey.openRules).toEqual([]);
      expect(journey.wildcardActions.documents).toBeGreaterThan(20);
      expect(journey.wildcardActions.found).toEqual([]);
    });

    it('keeps connections in secrets whose first password is void', () => {
      const { secrets, firstPasswords } = journey;
      expect(firstPasswords.length).toBeGreaterThan(0);
      const connections = Object.entries(secrets).filter(([key]) => key.endsWith('-database'));
      expect(connections.map(([key]) => key)).toEqual(
        ['feast', 'mlflow', 'platform'].map((database) => `mlops/${name}/${database}-database`),
      );
      for (const [, { password, host, username, port }] of connections) {
        expect(password).toMatch(/^[A-Za-z0-9]{48}$/);
        expect(firstPasswords).not.toContain(password);
        expect({ username, port }).toEqual({ username: 'mlops', port: '5432' });
        expect(host).toMatch(/rds\.amazonaws\.com$/);
      }
      const token = secrets[`mlops/${name}/redis`]?.['auth_token'];
      expect(token).toMatch(/^[A-Za-z0-9]{48}$/);
      expect(firstPasswords).not.toContain(token);
    });

    it('leaves nothing behind when it is destroyed', () => {
      expect(journey.left).toEqual(nothing);
      expect(journey.leftInSecondRegion).toEqual(nothing);
    });

    if (name === 'dev') {
      it('gives databases on one instance one password', () => {
        const passwords = Object.entries(journey.secrets).filter(([key]) => key.endsWith('-database'));
        expect(new Set(passwords.map(([, { password }]) => password)).size).toBe(1);
      });
    }

    if (name === 'prod') {
      it('stands by in the second region', () => {
        const { foundInSecondRegion } = journey;
        expect(foundInSecondRegion).toMatchObject({
          clusters: ['mlops-prod-dr'],
          vpcs: ['10.3.0.0/16'],
          databases: names('prod', '-replica'),
          caches: ['mlops-prod-dr-features'],
        });
        expect(foundInSecondRegion.secrets).toEqual(
          expect.arrayContaining(['mlops/prod/mlflow-database', 'mlops/prod/platform-database']),
        );
      });
    }
  });
});
