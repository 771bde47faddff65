import type { Static, TObject } from 'typebox';
import type { Plan, PlannedResource } from '../terraform.ts';
import type { PriceBook } from './price-book.ts';
import type { Schedule } from './schedule.ts';

/** A quantity of something that has a price: monthly cost = quantity × price. */
export interface Component {
  readonly item: string;
  /** Key in the price book. */
  readonly price: string;
  /** In the price's unit, for a month. */
  readonly quantity: number;
  /** Replaces the book's price per unit, where it follows from several (spot). */
  readonly unitPrice?: number;
  /** What was assumed. */
  readonly note?: string;
}

/** What a rule may look at besides the resource. */
export interface Surroundings {
  readonly plan: Plan;
  readonly resources: readonly PlannedResource[];
  readonly book: PriceBook;
  /** When the environment's machines run; always, where the plan has no schedule. */
  readonly schedule: Schedule;
}

export type Values = Readonly<Record<string, unknown>>;

/** How the resources of one type are priced; pure. Usage is what a plan cannot say: gigabytes, requests. */
export interface Rule<T extends TObject = TObject> {
  readonly usage?: T;
  readonly components: (
    values: Values,
    usage: Static<T>,
    resource: PlannedResource,
    around: Surroundings,
  ) => Component[];
}

/** A plan or a usage file does not say what a price needs; the resource is then reported as unknown, by name. */
export class NotKnown extends Error {}

/** Keeps a rule's usage type next to its schema. */
export const rule = <T extends TObject>(usage: T, components: Rule<T>['components']): Rule =>
  ({ usage, components }) as unknown as Rule;

/** A rule that needs no usage. */
export const fixed = (components: Rule['components']): Rule => ({ components });

/** @throws NotKnown where the plan does not say it. */
export function text(values: Values, name: string): string {
  const value = values[name];
  if (typeof value !== 'string' || value === '') throw new NotKnown(`the plan does not say its ${name}`);
  return value;
}

/** @throws NotKnown where the plan does not say it. Some of the provider's numbers are strings. */
export function count(values: Values, name: string): number {
  const value = Number(values[name] ?? Number.NaN);
  if (!Number.isFinite(value)) throw new NotKnown(`the plan does not say its ${name}`);
  return value;
}

/** The first block of this name; empty where there is none. */
export const block = (values: Values, name: string): Values =>
  (values[name] as readonly Values[] | undefined)?.[0] ?? {};
