import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { checked } from './checked.ts';
import { rules } from './components/index.ts';

const Outside = Type.Object(
  {
    /** What makes it. */
    by: Type.String({ minLength: 1 }),
    item: Type.String({ minLength: 1 }),
    /** Key in the price book. */
    price: Type.String(),
    quantity: Type.Number({ minimum: 0 }),
  },
  { additionalProperties: false },
);

const Document = Type.Object(
  {
    environment: Type.String(),
    /** Where the figures come from: measured, or assumed and since when. */
    basis: Type.String({ minLength: 1 }),
    /** Figures of each resource of a type, unless `resources` has some of its own. */
    types: Type.Record(Type.String(), Type.Unknown()),
    /** Figures of one resource, by its address. */
    resources: Type.Record(Type.String(), Type.Unknown()),
    /** What costs money but is not in the plan, such as the load balancers that the cluster's controllers make. */
    outsideThePlan: Type.Array(Outside),
  },
  { additionalProperties: false },
);

/** A month's use of what is billed by use. */
export type Usage = Static<typeof Document>;

const typeOf = (address: string) =>
  address
    .replaceAll(/\[[^\]]*\]/g, '')
    .split('.')
    .at(-2) ?? '';

/** @throws Error that names the file and the place, for a figure that is unknown, missing or of the wrong kind. */
export function readUsage(file: string): Usage {
  const usage = checked(Document, JSON.parse(readFileSync(file, 'utf8')), file);
  const entries = [
    ...Object.entries(usage.types).map(([type, figures]) => ({ place: type, type, figures })),
    ...Object.entries(usage.resources).map(([address, figures]) => ({
      place: address,
      type: typeOf(address),
      figures,
    })),
  ];
  for (const { place, type, figures } of entries) {
    const schema = rules[type]?.usage;
    if (!schema) throw new Error(`${file}: ${place}: ${type} is not billed by use`);
    checked(schema, figures, `${file}: ${place}`);
  }
  return usage;
}

/** The usage file of an environment, if it has one. */
export function usageFileOf(environment: string): string | undefined {
  const file = join(import.meta.dirname, 'usage', `${environment}.json`);
  return existsSync(file) ? file : undefined;
}
