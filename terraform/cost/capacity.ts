import type { CapacityModel, Coefficient, Scenario, Workload } from './capacity-model.ts';
import { type PriceBook, priceOf } from './price-book.ts';

/** A part of a year's bill: yearly = quantity × price × 12 or 8760, as the formula says. Dollars. */
export interface CapacityLine {
  readonly item: string;
  readonly quantity: number;
  readonly unit: string;
  readonly yearly: number;
  readonly formula: string;
}

export interface Capacity {
  readonly name: string;
  readonly workload: Workload;
  readonly lines: readonly CapacityLine[];
  readonly infrastructure: number;
  readonly programme: Scenario['programme'];
  readonly yearly: number;
  readonly stated: number;
}

export const HOURS = 8760;
export const MONTHS = 12;

/** What depends on the workload and is used by more than one line. */
export function sizes(model: CapacityModel, { workload, choices }: Pick<Scenario, 'workload' | 'choices'>) {
  const { teams, models, predictionsPerSecond, storageTb } = workload;
  const k = (name: Coefficient) => model.coefficients[name].value;
  const training = models * k('trainingNodesPerModel');
  return {
    k,
    onDemand: k('systemNodes') + predictionsPerSecond / k('predictionsPerCpuNode'),
    spot: k('sharedSpotNodes') + teams * k('spotNodesPerTeam'),
    p4d: training * (1 - choices.trainingOnP5),
    p5: (training * choices.trainingOnP5) / k('p4dPerP5'),
    inference: predictionsPerSecond / k('predictionsPerGpuNode'),
    storedGb: storageTb * k('gbPerTb') * k('copies'),
    databases: k('sharedDatabases') + teams / k('teamsPerDatabase'),
    tb: k('gbPerTb'),
  };
}

/** A year of production under a workload, at list prices. */
export function capacity(model: CapacityModel, book: PriceBook, scenario: Scenario): Capacity {
  const { teams, predictionsPerSecond, storageTb } = scenario.workload;
  const size = sizes(model, scenario);
  const { k, tb } = size;
  const p = (key: string) => priceOf(book, key).price;
  const spotPrice = p('ec2.m5.2xlarge') * p('spot.share-of-on-demand');
  const warehouse = k('sharedWarehouseNodes') + teams / k('teamsPerWarehouseNode');
  const warehouseGb = storageTb * tb * k('warehouseShare');
  const caches = predictionsPerSecond / k('predictionsPerCacheNode');
  const tier = (1 - k('infrequentShare')) * p('s3.standard') + k('infrequentShare') * p('s3.infrequent');
  const traffic =
    k('natGateways') * p('nat.gateway') * HOURS +
    MONTHS *
      tb *
      (teams *
        (k('natTbPerTeam') * p('nat.processed') +
          k('zoneTbPerTeam') * 2 * p('transfer.zone') +
          k('internetTbPerTeam') * p('transfer.internet')) +
        storageTb * k('copiedShare') * p('transfer.region'));
  const logs = predictionsPerSecond / k('predictionsPerLogTb');
  const lines: CapacityLine[] = [
    {
      item: 'EKS control planes',
      quantity: k('clusters'),
      unit: 'clusters',
      yearly: k('clusters') * p('eks.cluster') * HOURS,
      formula: 'clusters × hour × 8760',
    },
    {
      item: 'CPU nodes on demand',
      quantity: size.onDemand,
      unit: 'm5.2xlarge',
      yearly: size.onDemand * p('ec2.m5.2xlarge') * HOURS,
      formula: 'systemNodes + predictions / predictionsPerCpuNode',
    },
    {
      item: 'CPU nodes on spot',
      quantity: size.spot,
      unit: 'm5.2xlarge',
      yearly: size.spot * spotPrice * HOURS,
      formula: 'sharedSpotNodes + teams × spotNodesPerTeam',
    },
    {
      item: 'GPU training',
      quantity: size.p4d,
      unit: 'p4d.24xlarge',
      yearly: size.p4d * p('ec2.p4d.24xlarge') * HOURS,
      formula: 'models × trainingNodesPerModel × (1 − trainingOnP5)',
    },
    {
      item: 'GPU training',
      quantity: size.p5,
      unit: 'p5.48xlarge',
      yearly: size.p5 * p('ec2.p5.48xlarge') * HOURS,
      formula: 'models × trainingNodesPerModel × trainingOnP5 / p4dPerP5',
    },
    {
      item: 'GPU inference',
      quantity: size.inference,
      unit: 'g5.2xlarge',
      yearly: size.inference * p('ec2.g5.2xlarge') * HOURS,
      formula: 'predictions / predictionsPerGpuNode',
    },
    {
      item: 'savings plans',
      quantity: scenario.choices.savingsPlanCoverage * 100,
      unit: '% of on demand, without p5',
      yearly: -planned(model, book, scenario) * scenario.choices.savingsPlanCoverage * k('savingsPlanDiscount'),
      formula: '− coverage × savingsPlanDiscount × (CPU on demand + p4d + inference)',
    },
    {
      item: 'S3, both regions',
      quantity: size.storedGb / tb,
      unit: 'TB',
      yearly: size.storedGb * tier * MONTHS,
      formula: 'storage × copies, infrequentShare of it in Infrequent Access',
    },
    {
      item: 'EBS volumes',
      quantity: teams * k('diskTbPerTeam'),
      unit: 'TB',
      yearly: teams * k('diskTbPerTeam') * tb * p('ebs.gp3') * MONTHS,
      formula: 'teams × diskTbPerTeam',
    },
    {
      item: 'Redshift',
      quantity: warehouse,
      unit: 'ra3.4xlarge',
      yearly: warehouse * p('redshift.ra3.4xlarge') * HOURS + warehouseGb * p('redshift.managed-storage') * MONTHS,
      formula: 'sharedWarehouseNodes + teams / teamsPerWarehouseNode; storage × warehouseShare',
    },
    {
      item: 'PostgreSQL, two zones',
      quantity: size.databases,
      unit: 'db.r5.2xlarge',
      yearly: size.databases * 2 * (p('rds.db.r5.2xlarge') * HOURS + k('databaseTb') * tb * p('rds.gp3') * MONTHS),
      formula: 'sharedDatabases + teams / teamsPerDatabase',
    },
    {
      item: 'Redis',
      quantity: caches,
      unit: 'cache.r6g.2xlarge',
      yearly: caches * p('elasticache.cache.r6g.2xlarge') * HOURS,
      formula: 'predictions / predictionsPerCacheNode',
    },
    {
      item: 'NAT and data transfer',
      quantity: teams * k('natTbPerTeam'),
      unit: 'TB a month through NAT',
      yearly: traffic,
      formula: 'gateways; teams × (NAT + zones + internet); storage × copiedShare',
    },
    {
      item: 'logs',
      quantity: logs,
      unit: 'TB a month',
      yearly: logs * tb * p('logs.ingested') * MONTHS,
      formula: 'predictions / predictionsPerLogTb',
    },
    {
      item: 'load balancers, keys, secrets, DNS',
      quantity: teams,
      unit: 'teams',
      yearly: k('smallServicesBase') + teams * k('smallServicesPerTeam'),
      formula: 'smallServicesBase + teams × smallServicesPerTeam',
    },
    {
      item: 'security and audit services',
      quantity: teams,
      unit: 'teams',
      yearly: k('securityBase') + teams * k('securityPerTeam'),
      formula: 'securityBase + teams × securityPerTeam',
    },
    {
      item: 'backups and their copies',
      quantity: teams,
      unit: 'teams',
      yearly: k('backupBase') + teams * k('backupPerTeam'),
      formula: 'backupBase + teams × backupPerTeam',
    },
  ];
  const billed = total(lines);
  lines.push({
    item: 'enterprise support',
    quantity: k('supportShare') * 100,
    unit: '% of the bill',
    yearly: billed * k('supportShare'),
    formula: 'supportShare × all above',
  });
  const infrastructure = total(lines);
  const { people, licences, training } = scenario.programme;
  return {
    name: scenario.name,
    workload: scenario.workload,
    lines,
    infrastructure,
    programme: scenario.programme,
    yearly: infrastructure + people + licences + training,
    stated: scenario.statedMillions * 1e6,
  };
}

/** The yearly price on demand of what a savings plan may cover. */
export function planned(model: CapacityModel, book: PriceBook, scenario: Scenario): number {
  const { onDemand, p4d, inference } = sizes(model, scenario);
  const p = (key: string) => priceOf(book, key).price;
  return (onDemand * p('ec2.m5.2xlarge') + p4d * p('ec2.p4d.24xlarge') + inference * p('ec2.g5.2xlarge')) * HOURS;
}

/** What one more of each costs a year in a scenario, in dollars. */
export function marginal(
  model: CapacityModel,
  book: PriceBook,
  scenario: Scenario,
): Readonly<Record<keyof Workload, number>> {
  const now = capacity(model, book, scenario).yearly;
  const oneMore = (input: keyof Workload) =>
    capacity(model, book, { ...scenario, workload: { ...scenario.workload, [input]: scenario.workload[input] + 1 } })
      .yearly - now;
  return {
    teams: oneMore('teams'),
    models: oneMore('models'),
    predictionsPerSecond: oneMore('predictionsPerSecond'),
    storageTb: oneMore('storageTb'),
  };
}

const total = (lines: readonly CapacityLine[]) => lines.reduce((sum, { yearly }) => sum + yearly, 0);
