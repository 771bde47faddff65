import { regionOf } from '../configuration.ts';
import { type Plan, type PlannedResource, resources as resourcesOf } from '../terraform.ts';
import { type Component, NotKnown, type Surroundings, type Values } from './component.ts';
import { free, rules } from './components/index.ts';
import { type PriceBook, PriceMissing, priceOf, serviceOf } from './price-book.ts';
import type { Schedule } from './schedule.ts';
import type { Usage } from './usage.ts';

/** One priced part of a resource. Money is in the price book's currency for a month. */
export interface Line {
  readonly item: string;
  readonly service: string;
  readonly priceKey: string;
  readonly quantity: number;
  readonly unit: string;
  readonly unitPrice: number;
  readonly monthly: number;
  readonly note?: string;
}

interface PricedResource {
  readonly address: string;
  readonly module: string;
  readonly type: string;
  readonly lines: readonly Line[];
  readonly monthly: number;
}

export interface Estimate {
  readonly environment: string;
  readonly priceBook: { readonly version: string; readonly currency: string };
  readonly usageBasis: string;
  readonly monthly: number;
  readonly resources: readonly PricedResource[];
  /** What has no price, and why: it is not in the total. */
  readonly unknown: readonly { readonly address: string; readonly type: string; readonly reason: string }[];
  /** What costs nothing by itself. */
  readonly free: readonly { readonly type: string; readonly count: number; readonly reason: string }[];
}

/** Where the load balancers and volumes stand that the cluster's controllers make. */
const OUTSIDE = 'outside the plan';

/**
 * What a plan costs in a month, at the book's prices.
 * @throws Error where the plan is for a region in which the book's prices do not hold, or the usage names a resource that
 *   the plan has not.
 */
export function estimate(plan: Plan, book: PriceBook, usage: Usage, schedule: Schedule): Estimate {
  const all = resourcesOf(plan);
  const addresses = new Set(all.map(({ address }) => address));
  const stale = Object.keys(usage.resources).filter((address) => !addresses.has(address));
  if (stale.length > 0) throw new Error(`the usage file has figures for what is not in the plan: ${stale.join(', ')}`);
  const priced: PricedResource[] = [];
  const unknown: Estimate['unknown'][number][] = [];
  const costless = new Map<string, number>();
  const around = { plan, resources: all, book, schedule };
  for (const resource of all) {
    const { address, type } = resource;
    if (type in free) {
      costless.set(type, (costless.get(type) ?? 0) + 1);
      continue;
    }
    try {
      const lines = price(resource, usage, around);
      priced.push({ address, module: moduleOf(address), type, lines, monthly: sum(lines) });
    } catch (error) {
      if (!(error instanceof NotKnown || error instanceof PriceMissing)) throw error;
      unknown.push({ address, type, reason: error.message });
    }
  }
  for (const { by, item, price: key, quantity } of usage.outsideThePlan) {
    const lines = [line({ item, price: key, quantity }, book)];
    priced.push({ address: by, module: OUTSIDE, type: '', lines, monthly: sum(lines) });
  }
  return {
    environment: usage.environment,
    priceBook: { version: book.version, currency: book.currency },
    usageBasis: usage.basis,
    monthly: sum(priced),
    resources: priced,
    unknown,
    free: [...costless].map(([type, count]) => ({ type, count, reason: free[type] ?? '' })),
  };
}

function price(resource: PlannedResource, usage: Usage, around: Surroundings): Line[] {
  const { address, type } = resource;
  // a resource of which nothing is known before the apply has no values in the plan
  const values = (resource.values as Values | undefined) ?? {};
  const rule = rules[type];
  if (!rule) throw new NotKnown(`there is no rule for ${type}`);
  const region = regionOf(around.plan, resource);
  if (region !== undefined && !around.book.regions.includes(region))
    throw new Error(`${address} is in ${region}; the prices hold in ${around.book.regions.join(' and ')}`);
  const figures = usage.resources[address] ?? usage.types[type];
  const required = rule.usage?.required ?? [];
  if (figures === undefined && required.length > 0)
    throw new NotKnown(`the usage file has no ${required.join(', ')} for it`);
  return rule
    .components(values, (figures ?? {}) as Values, resource, around)
    .map((component) => line(component, around.book));
}

function line({ item, price: key, quantity, unitPrice, note }: Component, book: PriceBook): Line {
  const listed = priceOf(book, key);
  const used = unitPrice ?? listed.price;
  return {
    item,
    service: serviceOf(book, key),
    priceKey: key,
    quantity,
    unit: listed.unit,
    unitPrice: used,
    monthly: quantity * used,
    ...(note === undefined ? {} : { note }),
  };
}

/** `module.platform.module.eks.aws_eks_cluster.this` → `eks`: of the composition, its part; what stands in no module → `(root)`. */
function moduleOf(address: string): string {
  const [, composition, part] = /^module\.([\w-]+)(?:\[[^\]]*\])?(?:\.module\.([\w-]+))?/.exec(address) ?? [];
  return part ?? composition ?? '(root)';
}

export const sum = (parts: readonly { readonly monthly: number }[]): number =>
  parts.reduce((total, { monthly }) => total + monthly, 0);
