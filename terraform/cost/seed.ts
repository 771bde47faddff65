import { type Estimate, type Line, sum } from './estimate.ts';

/** A line of the seed's table of the development environment: README, "Cost Estimates". */
interface SeedRow {
  readonly item: string;
  readonly stated: number;
  readonly holds: (line: Line, address: string) => boolean;
}

const rows: readonly SeedRow[] = [
  { item: 'EKS control plane', stated: 73, holds: ({ priceKey }) => priceKey.startsWith('eks.') },
  {
    item: 'worker nodes, 3 × m5.xlarge on spot',
    stated: 180,
    holds: ({ priceKey }) => priceKey.startsWith('ec2.'),
  },
  { item: 'RDS, db.t3.medium', stated: 60, holds: ({ priceKey }) => priceKey.startsWith('rds.') },
  {
    item: 'S3 storage, 1 TB',
    stated: 23,
    holds: ({ priceKey }, address) => priceKey === 's3.standard' && address.endsWith('this["data"]'),
  },
];

const STATED = 336;

/** The seed's table beside ours. Money is in dollars for a month; reproduced + leftOut − offHours = monthly. */
export interface SeedComparison {
  readonly rows: readonly { readonly item: string; readonly stated: number; readonly ours: number }[];
  readonly stated: number;
  /** The same resources all around the clock, as the seed counts. */
  readonly reproduced: number;
  /** By service, what the seed does not count, all around the clock. */
  readonly leftOut: readonly { readonly service: string; readonly monthly: number }[];
  /** What stopping outside business hours saves. */
  readonly offHours: number;
  readonly monthly: number;
}

/** Compares an estimate with the seed's table; `alwaysOn` is the same estimate without the off-hours schedule. */
export function compareWithSeed(estimate: Estimate, alwaysOn: Estimate): SeedComparison {
  const lines = alwaysOn.resources.flatMap(({ address, lines: own }) => own.map((line) => ({ line, address })));
  const rowOf = ({ line, address }: { line: Line; address: string }) => rows.find(({ holds }) => holds(line, address));
  const compared = rows.map((row) => ({
    item: row.item,
    stated: row.stated,
    ours: sum(lines.filter((one) => rowOf(one) === row).map(({ line }) => line)),
  }));
  const others = Map.groupBy(
    lines.filter((one) => rowOf(one) === undefined),
    ({ line }) => line.service,
  );
  return {
    rows: compared,
    stated: STATED,
    reproduced: compared.reduce((total, { ours }) => total + ours, 0),
    leftOut: [...others]
      .map(([service, own]) => ({ service, monthly: sum(own.map(({ line }) => line)) }))
      .sort((a, b) => b.monthly - a.monthly),
    offHours: alwaysOn.monthly - estimate.monthly,
    monthly: estimate.monthly,
  };
}
