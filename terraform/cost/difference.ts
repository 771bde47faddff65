import { type Plan, resources, together } from '../terraform.ts';
import { estimate } from './estimate.ts';
import { readPriceBook } from './price-book.ts';
import { scheduleOf } from './schedule.ts';
import { readUsage, usageFileOf } from './usage.ts';

interface WithPriorState {
  readonly prior_state?: { readonly values?: Plan['planned_values'] };
}

/** The plan of what there is already, by the state that the plan began with. */
function before(plan: Plan): Plan {
  const { prior_state: state } = plan as Plan & WithPriorState;
  return { ...together(plan), planned_values: state?.values ?? { root_module: {} } };
}

const dollars = (amount: number) =>
  amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/**
 * What a plan changes about the month's bill, as a table of Markdown: by module, in US dollars.
 * @throws Error where the environment has no usage file
 */
export function planCost(plan: Plan, environment: string): string {
  const file = usageFileOf(environment);
  if (file === undefined) throw new Error(`there is no usage file for ${environment}`);
  const usage = readUsage(file);
  const book = readPriceBook();
  const of = (one: Plan) => {
    const all = resources(one);
    const there = new Set(all.map(({ address }) => address));
    // what is not there yet has no use, and what an empty account has outside of the plan neither
    const used = Object.fromEntries(Object.entries(usage.resources).filter(([address]) => there.has(address)));
    const outside = all.length > 0 ? usage.outsideThePlan : [];
    return estimate(one, book, { ...usage, resources: used, outsideThePlan: outside }, scheduleOf(all));
  };
  const [was, is] = [of(before(plan)), of(plan)];
  const modules = [...new Set([...was.resources, ...is.resources].map(({ module }) => module))].sort();
  const sum = (estimated: typeof is, module: string) =>
    estimated.resources.filter((one) => one.module === module).reduce((total, { monthly }) => total + monthly, 0);
  const changed = modules
    .map((module) => [module, sum(was, module), sum(is, module)] as const)
    .filter(([, old, now]) => Math.abs(now - old) >= 0.005);
  const sign = (amount: number) => `${amount < 0 ? '−' : '+'}${dollars(Math.abs(amount))}`;
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `**${environment}: ${dollars(is.monthly)} $ a month, ${sign(is.monthly - was.monthly)}**`,
    '',
    ...(changed.length === 0
      ? ['Nothing that costs money changes.']
      : [row(['module', 'before', 'after', 'difference']), row(['---', '--:', '--:', '--:'])]),
    ...changed.map(([module, old, now]) => row([module, dollars(old), dollars(now), sign(now - old)])),
    ...(is.unknown.length > 0 ? ['', `Not in the total: ${is.unknown.map(({ address }) => address).join(', ')}`] : []),
  ].join('\n');
}
