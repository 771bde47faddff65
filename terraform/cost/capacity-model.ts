import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { checked } from './checked.ts';

const closed = { additionalProperties: false };
const amount = Type.Number({ minimum: 0 });
const share = Type.Number({ minimum: 0, maximum: 1 });

const Workload = Type.Object(
  { teams: amount, models: amount, predictionsPerSecond: amount, storageTb: amount },
  closed,
);
const Choices = Type.Object({ trainingOnP5: share, savingsPlanCoverage: share }, closed);
const Scenario = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    /** What the seed states, in millions of dollars a year. */
    statedMillions: amount,
    workload: Workload,
    choices: Choices,
    /** What is no infrastructure, in dollars a year. */
    programme: Type.Object({ people: amount, licences: amount, training: amount }, closed),
  },
  closed,
);
const names = [
  'clusters',
  'systemNodes',
  'predictionsPerCpuNode',
  'sharedSpotNodes',
  'spotNodesPerTeam',
  'trainingNodesPerModel',
  'p4dPerP5',
  'predictionsPerGpuNode',
  'savingsPlanDiscount',
  'infrequentShare',
  'copies',
  'gbPerTb',
  'diskTbPerTeam',
  'sharedWarehouseNodes',
  'teamsPerWarehouseNode',
  'warehouseShare',
  'sharedDatabases',
  'teamsPerDatabase',
  'databaseTb',
  'predictionsPerCacheNode',
  'natGateways',
  'natTbPerTeam',
  'zoneTbPerTeam',
  'internetTbPerTeam',
  'copiedShare',
  'predictionsPerLogTb',
  'smallServicesBase',
  'smallServicesPerTeam',
  'securityBase',
  'securityPerTeam',
  'backupBase',
  'backupPerTeam',
  'supportShare',
] as const;
export type Coefficient = (typeof names)[number];
const Figure = Type.Object({ value: amount, unit: Type.String(), source: Type.String() }, closed);
const Coefficients = Type.Object(
  Object.fromEntries(names.map((name) => [name, Figure])) as Record<Coefficient, typeof Figure>,
  closed,
);
const Document = Type.Object(
  {
    sources: Type.Record(Type.String(), Type.String({ minLength: 1 })),
    coefficients: Coefficients,
    scenarios: Type.Array(Scenario, { minItems: 1 }),
    /** How far each lever could go beyond what the scenarios already do; shares. */
    savings: Type.Object(
      {
        savingsPlanCoverage: share,
        trainingOnSpot: share,
        archiveShare: share,
        reservedDatabaseDiscount: share,
        nonProductionShare: share,
        offHoursRunning: share,
      },
      closed,
    ),
  },
  closed,
);

export type CapacityModel = Static<typeof Document>;
export type Workload = Static<typeof Workload>;
export type Scenario = Static<typeof Scenario>;

/** @throws Error that names the file and the first thing that is wrong with it. */
export function readCapacityModel(file: string = join(import.meta.dirname, 'capacity.json')): CapacityModel {
  const model = checked(Document, JSON.parse(readFileSync(file, 'utf8')), file);
  for (const [name, { source }] of Object.entries(model.coefficients))
    if (!(source in model.sources))
      throw new Error(`${file}: ${name} names the source "${source}", which is not listed`);
  return model;
}
