import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@mlops/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { capacity, marginal } from '../cost/capacity.ts';
import { readCapacityModel } from '../cost/capacity-model.ts';
import { estimate } from '../cost/estimate.ts';
import { readPriceBook } from '../cost/price-book.ts';
import { savings } from '../cost/savings.ts';
import { alwaysOn, scheduleOf, weekly } from '../cost/schedule.ts';
import { readUsage, type Usage } from '../cost/usage.ts';
import { type Plan, resources } from '../terraform.ts';
import { smallPlan } from './small-plan.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const book = readPriceBook();
const noUsage: Usage = { environment: 'test', basis: 'a test', types: {}, resources: {}, outsideThePlan: [] };
const cost = (plan: Plan, usage: Partial<Usage> = {}) =>
  estimate(plan, book, { ...noUsage, ...usage }, scheduleOf(resources(plan)));

const nodes = (capacityType: string, desired = 3) => [
  {
    type: 'aws_eks_node_group',
    index: 'system',
    values: {
      cluster_name: 'mlops',
      node_group_name: 'system',
      capacity_type: capacityType,
      instance_types: ['m5.xlarge', 'm5a.xlarge'],
      scaling_config: [{ desired_size: desired }],
    },
  },
  {
    type: 'aws_launch_template',
    name: 'node',
    index: 'system',
    values: {
      block_device_mappings: [{ ebs: [{ volume_type: 'gp3', volume_size: 100 }] }],
      monitoring: [{ enabled: true }],
    },
  },
];

const schedule = (at: string, call: string, input: object) => ({
  type: 'aws_scheduler_schedule',
  name: `at_${at.replaceAll(/\W/g, '_')}_${call.replaceAll(/\W/g, '_')}`,
  values: {
    state: 'ENABLED',
    schedule_expression: `cron(${at} ? * MON-FRI *)`,
    target: [{ arn: `arn:aws:scheduler:::aws-sdk:${call}`, input: JSON.stringify(input) }],
  },
});

// Prices are written out here: the figures must not move when somebody edits the price book by mistake.
describe('an estimate', () => {
  it('prices nodes on demand, with their disks and detailed monitoring', () => {
    const { monthly } = cost(smallPlan(nodes('ON_DEMAND')));
    expect(monthly).toBeCloseTo(3 * (730 * 0.192 + 100 * 0.08 + 7 * 0.3), 6);
  });

  it('prices spot nodes by the market, and never above the highest price that is taken', () => {
    const rest = 3 * (100 * 0.08 + 7 * 0.3);
    expect(cost(smallPlan(nodes('SPOT'), { spot_max_price: '0.30' })).monthly).toBeCloseTo(
      3 * 730 * 0.192 * 0.43 + rest,
      6,
    );
    expect(cost(smallPlan(nodes('SPOT'), { spot_max_price: '0.05' })).monthly).toBeCloseTo(3 * 730 * 0.05 + rest, 6);
  });

  it('counts the hours that the schedule leaves running: nodes and databases, not their storage', () => {
    const group = { ClusterName: 'mlops', NodegroupName: 'system' };
    const database = {
      type: 'aws_db_instance',
      values: {
        identifier: 'one',
        instance_class: 'db.t3.medium',
        storage_type: 'gp3',
        allocated_storage: 20,
        multi_az: false,
      },
    };
    const stopped = smallPlan([
      ...nodes('ON_DEMAND'),
      database,
      schedule('15 7', 'eks:updateNodegroupConfig', { ...group, ScalingConfig: { DesiredSize: 3 } }),
      schedule('0 19', 'eks:updateNodegroupConfig', { ...group, ScalingConfig: { DesiredSize: 0 } }),
      schedule('0 7', 'rds:startDBInstance', { DbInstanceIdentifier: 'one' }),
      schedule('30 19', 'rds:stopDBInstance', { DbInstanceIdentifier: 'one' }),
    ]);
    const nodeShare = (5 * 11.75) / 168;
    const databaseShare = (5 * 12.5) / 168;
    const { monthly } = cost(stopped, { types: { aws_db_instance: { backupGb: 0 } } });
    expect(monthly).toBeCloseTo(
      3 * nodeShare * (730 * 0.192 + 100 * 0.08 + 7 * 0.3) + databaseShare * 730 * 0.072 + 20 * 0.115,
      6,
    );
  });

  it('prices a database in two zones twice, and its backups once', () => {
    const values = {
      identifier: 'one',
      instance_class: 'db.r5.xlarge',
      storage_type: 'gp3',
      allocated_storage: 100,
      multi_az: true,
    };
    const { monthly } = cost(smallPlan([{ type: 'aws_db_instance', values }]), {
      types: { aws_db_instance: { backupGb: 50 } },
    });
    expect(monthly).toBeCloseTo(2 * (730 * 0.5 + 100 * 0.115) + 50 * 0.095, 6);
  });

  it('takes extended support into account once standard support has ended', () => {
    const cluster = (version: string) => smallPlan([{ type: 'aws_eks_cluster', values: { version } }]);
    expect(cost(cluster('1.35')).monthly).toBeCloseTo(73, 6);
    expect(cost(cluster('1.32')).monthly).toBeCloseTo(438, 6);
  });

  it('follows the usage', () => {
    const plan = smallPlan([{ type: 'aws_nat_gateway' }]);
    const used = (processedGb: number) => cost(plan, { types: { aws_nat_gateway: { processedGb } } }).monthly;
    expect(used(0)).toBeCloseTo(730 * 0.045, 6);
    expect(used(1000)).toBeCloseTo(730 * 0.045 + 1000 * 0.045, 6);
    const own = cost(plan, {
      types: { aws_nat_gateway: { processedGb: 1 } },
      resources: { 'aws_nat_gateway.this': { processedGb: 10 } },
    });
    expect(own.monthly).toBeCloseTo(730 * 0.045 + 10 * 0.045, 6);
  });

  it('counts what stands outside the plan', () => {
    const outsideThePlan = [{ by: 'ingress', item: 'load balancer', price: 'nlb.hour', quantity: 730 }];
    expect(cost(smallPlan([]), { outsideThePlan }).monthly).toBeCloseTo(730 * 0.0225, 6);
  });

  it('names what it cannot price, and does not count it', () => {
    const plan = smallPlan([
      { type: 'aws_sagemaker_endpoint', name: 'new' },
      { type: 'aws_nat_gateway' },
      { type: 'aws_elasticache_replication_group', values: { node_type: 'cache.z9.huge', num_cache_clusters: 1 } },
      { type: 'aws_eks_cluster', values: { version: '1.35' } },
    ]);
    const { monthly, unknown } = cost(plan, { types: { aws_elasticache_replication_group: { backupGb: 0 } } });
    expect(unknown.map(({ address, reason }) => `${address}: ${reason}`)).toEqual([
      'aws_sagemaker_endpoint.new: there is no rule for aws_sagemaker_endpoint',
      'aws_nat_gateway.this: the usage file has no processedGb for it',
      'aws_elasticache_replication_group.this: the price book has no elasticache.cache.z9.huge',
    ]);
    expect(monthly).toBeCloseTo(73, 6);
  });

  it('names a resource of which a plan says nothing', () => {
    const plan = smallPlan([{ type: 'aws_eks_cluster' }]);
    for (const one of resources(plan)) Reflect.deleteProperty(one, 'values');
    expect(cost(plan).unknown).toMatchObject([{ reason: 'the plan does not say its version' }]);
  });

  it('names a replica whose storage nobody states', () => {
    const values = { identifier: 'replica', instance_class: 'db.r5.xlarge', storage_type: 'gp3', multi_az: false };
    const plan = smallPlan([{ type: 'aws_db_instance', values }]);
    expect(cost(plan, { types: { aws_db_instance: { backupGb: 0 } } }).unknown).toHaveLength(1);
    expect(cost(plan, { types: { aws_db_instance: { backupGb: 0, storageGb: 20 } } }).monthly).toBeCloseTo(
      730 * 0.5 + 20 * 0.115,
      6,
    );
  });

  it('lists what is free, with the reason', () => {
    const { free, unknown, monthly } = cost(
      smallPlan([
        { type: 'aws_iam_role', name: 'a' },
        { type: 'aws_iam_role', name: 'b' },
      ]),
    );
    expect({ free, unknown, monthly }).toEqual({
      free: [{ type: 'aws_iam_role', count: 2, reason: 'IAM is free' }],
      unknown: [],
      monthly: 0,
    });
  });

  it('refuses a region in which the prices do not hold, and figures for what is not there', () => {
    const cluster = [{ type: 'aws_eks_cluster', values: { version: '1.35' } }];
    expect(() => cost(smallPlan(cluster, {}, 'eu-central-1'))).toThrow('aws_eks_cluster.this is in eu-central-1');
    expect(() => cost(smallPlan(cluster), { resources: { 'aws_nat_gateway.gone': { processedGb: 1 } } })).toThrow(
      'aws_nat_gateway.gone',
    );
  });
});

describe('a schedule', () => {
  it('is read as hours of the week', () => {
    expect(weekly('cron(30 19 ? * MON-TUE,FRI *)')).toEqual([24 + 19.5, 48 + 19.5, 120 + 19.5]);
  });

  it('is refused where it is not weekly', () => {
    expect(() => weekly('rate(1 hour)')).toThrow('rate(1 hour)');
    expect(() => weekly('cron(0 7 ? * FRI-MON *)')).toThrow('FRI-MON');
  });

  it('does not mind schedules of other things', () => {
    const other = schedule('0 7', 'sqs:sendMessage', {});
    Object.assign(other.values, { schedule_expression: 'rate(1 hour)' });
    expect(scheduleOf(resources(smallPlan([other]))).database('one')).toBe(1);
  });

  it('means always on where nothing is stopped, and never where nothing is started again', () => {
    const stop = schedule('30 19', 'redshift:pauseCluster', { ClusterIdentifier: 'offline' });
    const { warehouse } = scheduleOf(resources(smallPlan([stop])));
    expect([warehouse('other'), warehouse('offline'), alwaysOn.warehouse('offline')]).toEqual([1, 0, 1]);
  });
});

describe('the capacity model', () => {
  const model = readCapacityModel();
  const [first, second, third] = model.scenarios;
  if (!first || !second || !third) throw new Error('three scenarios are expected');

  it.each([
    [first, 6.5, 10.2],
    [second, 8.3, 11.8],
    [third, 10.0, 13.0],
  ])('reaches what the seed states: $name', (scenario, infrastructure, total) => {
    const year = capacity(model, book, scenario);
    expect(Math.abs(year.infrastructure / 1e6 / infrastructure - 1)).toBeLessThan(0.002);
    expect(Math.abs(year.yearly / 1e6 / total - 1)).toBeLessThan(0.001);
    expect(year.stated).toBe(total * 1e6);
  });

  it('computes its lines from the workload', () => {
    const { lines } = capacity(model, book, first);
    const yearly = (item: string, unit: string) =>
      lines.find((line) => line.item === item && line.unit === unit)?.yearly;
    expect(yearly('CPU nodes on demand', 'm5.2xlarge')).toBeCloseTo((30 + 24000 / 300) * 0.384 * 8760, 3);
    expect(yearly('CPU nodes on spot', 'm5.2xlarge')).toBeCloseTo((20 + 8 * 20) * 0.384 * 0.43 * 8760, 3);
    expect(yearly('GPU inference', 'g5.2xlarge')).toBeCloseTo((24000 / 400) * 1.212 * 8760, 3);
    expect(yearly('S3, both regions', 'TB')).toBeCloseTo(1200 * 1024 * 1.6 * (0.5 * 0.023 + 0.5 * 0.0125) * 12, 3);
  });

  it('says what one more costs', () => {
    const { storageTb, predictionsPerSecond } = marginal(model, book, first);
    const stored = 1024 * (1.6 * 0.01775 * 12 + 0.075 * 0.024 * 12 + 0.05 * 0.02 * 12);
    expect(storageTb).toBeCloseTo(stored * 1.07, 3);
    expect(predictionsPerSecond).toBeGreaterThan(0);
  });

  it('says where savings lie', () => {
    const by = Object.fromEntries(savings(model, book, first).map((one) => [one.lever, one]));
    expect(by['spot for batch and notebooks']?.taken).toBeCloseTo(180 * 0.384 * 0.57 * 8760, 3);
    expect(by['right-sizing']?.possible).toBeCloseTo(110 * (0.384 - 0.3264) * 8760, 3);
    expect(by['reserved databases']?.possible).toBeCloseTo(6 * 2 * 8760 * 0.34, 3);
    expect(by['storage tiers']?.taken).toBeCloseTo(1200 * 1024 * 1.6 * 0.5 * (0.023 - 0.0125) * 12, 3);
  });
});

describe('a malformed file is refused, naming the place', () => {
  const cases = join(import.meta.dirname, '../cost');
  const changed = (source: string, change: (document: Record<string, never>) => void): string => {
    const document = JSON.parse(readFileSync(join(cases, source), 'utf8')) as Record<string, never>;
    change(document);
    const file = join(folder.path, 'changed.json');
    writeFileSync(file, JSON.stringify(document));
    return file;
  };
  type Loose = Record<string, Record<string, Record<string, unknown>>>;

  it.each<[string, (document: Loose) => void, string]>([
    ['a negative price', (d) => Object.assign(d['prices']?.['eks.cluster'] ?? {}, { price: -1 }), 'eks.cluster'],
    ['a price without a unit', (d) => delete d['prices']?.['eks.cluster']?.['unit'], 'eks.cluster'],
    [
      'a source that is not listed',
      (d) => Object.assign(d['prices']?.['eks.cluster'] ?? {}, { source: 'hearsay' }),
      'hearsay',
    ],
    ['a service that is not listed', (d) => delete d['services']?.['eks'], 'eks.cluster belongs to no listed service'],
    ['an unknown field', (d) => Object.assign(d, { discount: 0.1 }), '/discount is not a known field'],
  ])('price book: %s', (_name, change, message) => {
    const file = changed('prices.json', change);
    expect(() => readPriceBook(file)).toThrow(message);
    expect(() => readPriceBook(file)).toThrow(file);
  });

  it.each<[string, (document: Loose) => void, string]>([
    [
      'a negative quantity',
      (d) => Object.assign(d['types']?.['aws_nat_gateway'] ?? {}, { processedGb: -1 }),
      'aws_nat_gateway: /processedGb',
    ],
    [
      'an unknown figure',
      (d) => Object.assign(d['types']?.['aws_nat_gateway'] ?? {}, { gigabytes: 1 }),
      'aws_nat_gateway',
    ],
    [
      'a type that is not billed by use',
      (d) => Object.assign(d['types'] ?? {}, { aws_eip: {} }),
      'aws_eip is not billed by use',
    ],
    [
      'a resource that is not billed by use',
      (d) => Object.assign(d['resources'] ?? {}, { 'module.vpc.aws_vpc.this': {} }),
      'aws_vpc is not billed by use',
    ],
  ])('usage: %s', (_name, change, message) => {
    expect(() => readUsage(changed('usage/dev.json', change as never))).toThrow(message);
  });

  it.each<[string, (document: Loose) => void, string]>([
    ['a missing coefficient', (d) => delete d['coefficients']?.['systemNodes'], 'coefficients'],
    ['a share above one', (d) => Object.assign(d['savings'] ?? {}, { archiveShare: 2 }), 'archiveShare'],
    [
      'a source that is not listed',
      (d) => Object.assign(d['coefficients']?.['copies'] ?? {}, { source: 'hearsay' }),
      'hearsay',
    ],
  ])('capacity: %s', (_name, change, message) => {
    expect(() => readCapacityModel(changed('capacity.json', change as never))).toThrow(message);
  });
});
