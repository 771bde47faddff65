import { HOURS, MONTHS, planned, sizes } from './capacity.ts';
import type { CapacityModel, Scenario } from './capacity-model.ts';
import { type PriceBook, priceOf } from './price-book.ts';

/** What a lever saves a year: what the scenario already has of it, and what more there is. Dollars. */
export interface Saving {
  readonly lever: string;
  readonly taken: number;
  readonly possible: number;
  readonly formula: string;
}

/** Where a scenario's savings lie. Each lever is counted alone: together they save less than their sum. */
export function savings(model: CapacityModel, book: PriceBook, scenario: Scenario): Saving[] {
  const { savings: further } = model;
  const { k, onDemand, spot, p4d, storedGb, databases } = sizes(model, scenario);
  const p = (key: string) => priceOf(book, key).price;
  const off = 1 - p('spot.share-of-on-demand');
  const cpu = p('ec2.m5.2xlarge') * HOURS;
  const coverable = planned(model, book, scenario) * k('savingsPlanDiscount');
  const coverage = scenario.choices.savingsPlanCoverage;
  const more = Math.max(0, further.savingsPlanCoverage - coverage);
  return [
    {
      lever: 'spot for batch and notebooks',
      taken: spot * cpu * off,
      possible: 0,
      formula: `${Math.round(spot)} nodes × ${percent(off)} below on demand`,
    },
    {
      lever: 'spot for training, with checkpoints',
      taken: 0,
      possible: p4d * further.trainingOnSpot * p('ec2.p4d.24xlarge') * HOURS * off,
      formula: `${percent(further.trainingOnSpot)} of p4d, if the market gives the same discount`,
    },
    {
      lever: 'savings plans',
      taken: coverable * coverage,
      possible: coverable * more,
      formula: `coverage ${percent(coverage)} → ${percent(coverage + more)}, ${percent(k('savingsPlanDiscount'))} off`,
    },
    {
      lever: 'reserved databases',
      taken: 0,
      possible: databases * 2 * p('rds.db.r5.2xlarge') * HOURS * further.reservedDatabaseDiscount,
      formula: `all instances for a year, ${percent(further.reservedDatabaseDiscount)} off`,
    },
    {
      lever: 'off-hours',
      taken: 0,
      possible: further.nonProductionShare * onDemand * cpu * (1 - further.offHoursRunning),
      formula: `${percent(further.nonProductionShare)} of the nodes on demand run ${percent(further.offHoursRunning)} of the time`,
    },
    {
      lever: 'storage tiers',
      taken: storedGb * k('infrequentShare') * (p('s3.standard') - p('s3.infrequent')) * MONTHS,
      possible: storedGb * further.archiveShare * (p('s3.standard') - p('s3.glacier-instant')) * MONTHS,
      formula: `a further ${percent(further.archiveShare)} from Standard to Glacier Instant Retrieval`,
    },
    {
      lever: 'right-sizing',
      taken: 0,
      possible: onDemand * (p('ec2.m5.2xlarge') - p('ec2.m7g.2xlarge')) * HOURS,
      formula: 'm5.2xlarge → m7g.2xlarge (arm64) on demand',
    },
  ];
}

const percent = (part: number) => `${Math.round(part * 100)} %`;
