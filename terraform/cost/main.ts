/** What an environment costs in a month: `npm run cost -- terraform/environments/dev [--json]`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Plan, planEnvironment, resources, together } from '../terraform.ts';
import { capacity, marginal } from './capacity.ts';
import { readCapacityModel } from './capacity-model.ts';
import { estimate } from './estimate.ts';
import { readPriceBook } from './price-book.ts';
import { reportCapacity, reportEstimate, reportSeed } from './report.ts';
import { savings } from './savings.ts';
import { alwaysOn, scheduleOf } from './schedule.ts';
import { compareWithSeed } from './seed.ts';
import { readUsage, usageFileOf } from './usage.ts';

const HELP = `usage: npm run cost -- FOLDER [--json] [--plan FILE] [--usage FILE] [--prices FILE] [--strict]

FOLDER          an environment, such as terraform/environments/dev; it is planned without an account
--plan FILE     read this plan (terraform show -json) instead of making one; FOLDER may then be left out. Twice: that of the
                account (environments/account) and that of the environment
--usage FILE    what a month uses; otherwise terraform/cost/usage/<environment>.json
--prices FILE   another price book; otherwise terraform/cost/prices.json
--json          print JSON
--strict        end with 1 where a resource's price is unknown`;

/** What the user asked for cannot be done as it was asked. */
class Refused extends Error {}

interface Options {
  readonly folder: string | undefined;
  readonly plan: readonly string[] | undefined;
  readonly usage: string | undefined;
  readonly prices: string | undefined;
  readonly json: boolean;
  readonly strict: boolean;
}

function optionsOf(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { plan: { ...text, multiple: true }, usage: text, prices: text, json: flag, strict: flag },
    });
    if (positionals.length > 1) throw new Error(`one environment at a time, not ${positionals.join(' and ')}`);
    const { plan, usage, prices, json, strict } = values;
    return { folder: positionals[0], plan, usage, prices, json, strict };
  } catch (error) {
    throw new Refused(`${(error as Error).message}\n\n${HELP}`);
  }
}

async function readOrMakePlan({ folder, plan }: Options): Promise<Plan> {
  if (plan !== undefined) return plan.length === 1 ? readPlan(plan[0] ?? '') : together(...plan.map(readPlan));
  if (folder === undefined) throw new Refused(HELP);
  const needed = ['main.tf', 'terraform.tfvars'].filter((file) => !existsSync(join(folder, file)));
  if (needed.length > 0) throw new Refused(`${folder} is no environment: it has no ${needed.join(' and no ')}`);
  return planEnvironment(folder);
}

function readPlan(file: string): Plan {
  if (!existsSync(file)) throw new Refused(`there is no file ${file}`);
  const read = parsed(file);
  if (read?.planned_values?.root_module === undefined || read.configuration === undefined)
    throw new Refused(`${file} is no plan: make one with terraform show -json tfplan`);
  return read;
}

function parsed(file: string): Plan | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Plan;
  } catch {
    return undefined;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  const plan = await readOrMakePlan(options);
  const environment = String(plan.variables?.['environment']?.value ?? '');
  const file = options.usage ?? usageFileOf(environment);
  if (file === undefined)
    throw new Refused(`there is no usage file for the environment "${environment}": name one with --usage`);
  const book = readPriceBook(options.prices);
  const usage = readUsage(file);
  if (usage.environment !== environment)
    throw new Refused(`${file} is the usage of "${usage.environment}", and the plan is of "${environment}"`);
  const monthly = estimate(plan, book, usage, scheduleOf(resources(plan)));
  const around = estimate(plan, book, usage, alwaysOn);
  const seed = environment === 'dev' ? compareWithSeed(monthly, around) : undefined;
  const years = environment === 'prod' ? production(book) : undefined;
  if (options.json) {
    console.log(
      JSON.stringify(
        { ...monthly, monthlyAroundTheClock: around.monthly, ...(seed && { seed }), ...(years && { capacity: years }) },
        null,
        2,
      ),
    );
  } else {
    console.log(reportEstimate(monthly));
    if (seed) console.log(`\n${reportSeed(seed)}`);
    if (years) console.log(`\n${reportCapacity(years.years, monthly, years.oneMore, years.savings)}`);
  }
  return options.strict && monthly.unknown.length > 0 ? 1 : 0;
}

function production(book: ReturnType<typeof readPriceBook>) {
  const model = readCapacityModel();
  const [first] = model.scenarios;
  if (!first) throw new Error('the capacity model has no scenario');
  return {
    years: model.scenarios.map((scenario) => capacity(model, book, scenario)),
    oneMore: marginal(model, book, first),
    savings: savings(model, book, first),
  };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = error instanceof Refused ? 2 : 1;
}
