import { estimate, sum } from '../../terraform/cost/estimate.ts';
import { readPriceBook } from '../../terraform/cost/price-book.ts';
import { scheduleOf } from '../../terraform/cost/schedule.ts';
import { readUsage, type Usage, usageFileOf } from '../../terraform/cost/usage.ts';
import { type Plan, resources } from '../../terraform/terraform.ts';

/** A plan with what stood before it, as Terraform's JSON form has it. */
type Before = Plan & { readonly prior_state?: { readonly values?: Plan['planned_values'] } };

interface Difference {
  readonly module: string;
  readonly before: number;
  readonly after: number;
}

/** Dollars a month before and after a plan. */
export interface CostDifference {
  readonly before: number;
  readonly after: number;
  /** Modules whose cost changes, the largest change first. */
  readonly modules: readonly Difference[];
  /** What has no price, and so is in neither. */
  readonly unknown: readonly string[];
}

const CENT = 0.005;

/** What a plan changes in the monthly bill, at the price book's prices and the environment's usage. */
export function costDifference(plan: Plan): CostDifference {
  const environment = String(plan.variables?.['environment']?.value ?? '');
  const file = usageFileOf(environment);
  if (file === undefined) throw new Error(`there is no usage file for the environment "${environment}"`);
  const usage = readUsage(file);
  const book = readPriceBook();
  const { prior_state: prior } = plan as Before;
  const nothing = { root_module: {} };
  const old: Plan = { ...plan, planned_values: prior?.values ?? nothing };
  const price = (state: Plan) => estimate(state, book, known(usage, state), scheduleOf(resources(state)));
  // an environment of which nothing stands yet has no load balancers of its controllers either
  const [before, after] = [resources(old).length === 0 ? undefined : price(old), price(plan)];
  const monthly = (all: typeof before) =>
    new Map([...Map.groupBy(all?.resources ?? [], ({ module }) => module)].map(([name, own]) => [name, sum(own)]));
  const [earlier, later] = [monthly(before), monthly(after)];
  const modules = [...new Set([...earlier.keys(), ...later.keys()])]
    .map((module) => ({ module, before: earlier.get(module) ?? 0, after: later.get(module) ?? 0 }))
    .filter((one) => Math.abs(one.after - one.before) > CENT)
    .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before));
  return {
    before: before?.monthly ?? 0,
    after: after.monthly,
    modules,
    unknown: after.unknown.map(({ address, reason }) => `${address}: ${reason}`),
  };
}

/** The usage of what is there: figures of single resources would otherwise be an error where those are only planned. */
function known(usage: Usage, state: Plan): Usage {
  const addresses = new Set(resources(state).map(({ address }) => address));
  const entries = Object.entries(usage.resources).filter(([address]) => addresses.has(address));
  return { ...usage, resources: Object.fromEntries(entries) };
}
