/**
 * What CI does with Terraform, and people do with the same words: `node cicd/terraform.ts COMMAND ROOT`. ROOT is an environment (`dev`)
 * or what its account has once (`account/dev`), each with a state of its own.
 *
 * plan     plans, and saves the plan beside the root; says what would change
 * policy   judges the saved plans of an environment and its account together: `policy dev`; ends with 1 where one is violated
 * cost     what the saved plans change about the month's bill, as a table: `cost dev`
 * apply    applies the saved plan, that one and no other; ends with 1 where the state has moved on
 * drift    ends with 1 where AWS or the state differs from the configuration, and says where
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { planCost, refusals, together } from '../terraform/index.ts';
import { initialised, type Root, rootOf, savedPlan } from './terraform/roots.ts';

const USAGE = 'usage: node cicd/terraform.ts plan|policy|cost|apply|drift [account/]dev|staging|prod';

interface Change {
  readonly address: string;
  readonly mode: string;
  readonly change: { readonly actions: readonly string[] };
}

interface Changes {
  readonly resource_changes?: readonly Change[];
  readonly resource_drift?: readonly Change[];
}

/** What a plan would do, a line for each resource. */
const changesIn = (changes: readonly Change[] = []) =>
  changes
    .filter(({ mode, change: { actions } }) => mode === 'managed' && !['no-op', 'read'].includes(actions.join()))
    .map(({ address, change: { actions } }) => `${actions.join(' and ')} ${address}`);

async function plan(root: Root, ...more: readonly string[]): Promise<Changes> {
  const run = await initialised(root);
  await run(['plan', '-no-color', `-out=${root.planFile}`, ...root.settings, ...more]);
  const json = await run(['show', '-json', root.planFile]);
  writeFileSync(join(root.folder, root.jsonFile), json);
  return JSON.parse(json) as Changes;
}

/** The saved plans of an environment and of its account, as one. */
function saved({ environment }: Root) {
  const [account, own] = [rootOf(`account/${environment}`), rootOf(environment)];
  return together(savedPlan(account as Root), savedPlan(own as Root));
}

const commands: Readonly<Record<string, (root: Root) => Promise<number> | number>> = {
  async plan(root) {
    const lines = changesIn((await plan(root)).resource_changes);
    console.log(lines.length > 0 ? lines.join('\n') : 'No changes.');
    console.log(`${root.name}: ${lines.length} changes, saved`);
    return 0;
  },
  policy(root) {
    const refused = refusals(saved(root)).map(({ policy, address, message }) => `${policy}: ${address} ${message}`);
    console.log(refused.length > 0 ? refused.join('\n') : `${root.environment}: all policies are kept`);
    return refused.length > 0 ? 1 : 0;
  },
  cost(root) {
    console.log(planCost(saved(root), root.environment));
    return 0;
  },
  async apply(root) {
    savedPlan(root);
    const run = await initialised(root);
    await run(['apply', '-no-color', root.planFile]);
    console.log(`${root.name}: applied`);
    return 0;
  },
  async drift(root) {
    const { resource_changes: changes, resource_drift: seen = [] } = await plan(root);
    // A refresh also notes what AWS fills in; only what the next apply would change has drifted.
    const byHand = new Set(seen.map(({ address }) => address));
    const drifted = (changes ?? []).map((one) => ({
      one,
      why: byHand.has(one.address) ? 'changed in AWS' : 'not applied',
    }));
    const lines = drifted.flatMap(({ one, why }) => changesIn([one]).map((line) => `${why}: ${line}`));
    console.log(lines.length > 0 ? lines.join('\n') : `${root.name}: no drift`);
    return lines.length > 0 ? 1 : 0;
  },
};

const [command = '', name = ''] = process.argv.slice(2);
const root = rootOf(name);
const work = commands[command];
if (!root || !work || process.argv.length !== 4) {
  console.error(USAGE);
  process.exit(2);
}
try {
  process.exitCode = await work(root);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
