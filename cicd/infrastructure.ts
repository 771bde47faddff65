/**
 * Terraform of one environment, one step at a time: `node cicd/infrastructure.ts STEP ENVIRONMENT`. A person and a pipeline say the same
 * words. It exits with 0, with 1 where a step failed or refused, and with 2 where it was called wrongly.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { settingsOf } from '../kubernetes/settings.ts';
import { refusals } from '../terraform/policies/index.ts';
import { together } from '../terraform/terraform.ts';
import { environmentOf, Misused, main, output, say } from './command-line.ts';
import { costDifference } from './infrastructure/cost.ts';
import {
  apply,
  type Change,
  changesOf,
  described,
  kept,
  plan,
  planOfAccount,
  type Root,
  store,
} from './infrastructure/steps.ts';
import { stateBucket } from './preflight/account.ts';

const USAGE = `usage: node cicd/infrastructure.ts STEP ENVIRONMENT [--report FILE]

plan      plans, and keeps the plan in the environment's folder; --read-only does not lock the state, for those who may not write;
          --store puts the plan beside the state as well, and prints the digest by which apply finds it
policy    what the kept plan violates of terraform/policies, together with what the account has once
cost      what the kept plan changes in the monthly bill
apply     applies the kept plan, and no other; --plan DIGEST brings it from beside the state first
drift     plans without a lock, and fails where AWS is not as the configuration says

--report FILE   appends to a file in Markdown what is printed`;

/** What of a plan a report shows: comments on GitHub take 65,536 characters. */
const SHOWN = 20_000;

interface Options {
  readonly report: string | undefined;
  readonly store: boolean;
  readonly readOnly: boolean;
  readonly digest: string | undefined;
}

type Step = (root: Root, title: string, options: Options) => Promise<number>;

const verbs: Readonly<Record<string, string>> = { create: '+', update: '~', delete: '-', read: '<' };
const line = ({ address, actions }: Change) =>
  `${actions.map((action) => verbs[action] ?? action).join('/')} ${address}`;
const dollars = (amount: number) => `$${amount.toFixed(2)}`;
const signed = (amount: number) => `${amount < 0 ? '−' : '+'}${dollars(Math.abs(amount))}`;

const steps: Readonly<Record<string, Step>> = {
  async plan(root, title, { report, readOnly, store: stored }) {
    const digest = await plan(root, { lock: !readOnly });
    const changes = changesOf(await kept(root));
    await say(
      report,
      `## Terraform, ${title}: ${changes.length} changes`,
      '',
      ...changes.map((one) => `- \`${line(one)}\``),
    );
    if (report && changes.length > 0) {
      const text = await described(root);
      const cut = text.length > SHOWN ? `${text.slice(0, SHOWN)}\n… ${text.length - SHOWN} characters more` : text;
      await say(report, '<details><summary>The plan</summary>', '', '```', cut, '```', '', '</details>');
    }
    if (stored) await store(root);
    if (stored) console.log(`digest ${digest}`);
    await output('digest', digest);
    await output('changes', String(changes.length));
    return 0;
  },
  async policy(root, title, { report }) {
    const found = refusals(together(await planOfAccount(root, title), await kept(root)));
    const lines = found.map(({ policy, address, message }) => `- **${policy}** \`${address}\` ${message}`);
    await say(
      report,
      `### Policies, ${title}: ${found.length === 0 ? 'kept' : `${found.length} violated`}`,
      '',
      ...lines,
    );
    return found.length === 0 ? 0 : 1;
  },
  async cost(root, title, { report }) {
    const { before, after, modules, unknown } = costDifference(await kept(root));
    await say(
      report,
      `### Cost, ${title}: ${dollars(before)} → ${dollars(after)} a month (${signed(after - before)})`,
      '',
      '| module | before | after | difference |',
      '| --- | ---: | ---: | ---: |',
      ...modules.map(
        (one) =>
          `| ${one.module} | ${dollars(one.before)} | ${dollars(one.after)} | ${signed(one.after - one.before)} |`,
      ),
      ...unknown.map((each) => `\nNot counted: ${each}`),
    );
    return 0;
  },
  async apply(root, title, { report, digest }) {
    await say(report, `## Terraform, ${title}: ${await apply(root, digest)}`);
    return 0;
  },
  async drift(root, title, { report }) {
    await plan(root, { lock: false });
    const changes = changesOf(await kept(root));
    const none = `## ${title} is as its configuration says`;
    const lines = changes.map((one) => `- \`${line(one)}\``);
    await say(report, ...(changes.length === 0 ? [none] : [`## ${title} has drifted`, '', ...lines]));
    return changes.length === 0 ? 0 : 1;
  },
};

await main(USAGE, async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      report: { type: 'string' },
      store: { type: 'boolean', default: false },
      'read-only': { type: 'boolean', default: false },
      plan: { type: 'string' },
    },
  });
  const [name = '', environment, ...more] = positionals;
  const step = steps[name];
  if (!step || more.length > 0) throw new Misused(`there is no step "${[name, ...more].join(' ')}"`);
  const title = environmentOf(environment);
  const settings = await settingsOf(title);
  const folder = fileURLToPath(new URL(`../terraform/environments/${title}`, import.meta.url));
  const { report, store: stored, 'read-only': readOnly, plan: digest } = values;
  const root = { folder, bucket: stateBucket(settings.name, settings.account_id), region: settings.region };
  return step(root, title, { report, store: stored, readOnly, digest });
});
