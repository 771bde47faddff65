/**
 * Terraform of one root, one step at a time: `node cicd/terraform.ts STEP ROOT`. ROOT is an environment (`dev`), or what its account
 * has once (`account/dev`). A person and a pipeline say the same words. It exits with 0, with 1 where a step failed or refused, and
 * with 2 where it was called wrongly.
 */
import { parseArgs } from 'node:util';
import { planCost, refusals, together } from '../terraform/index.ts';
import { Misused, main, output, say } from './command-line.ts';
import { type NamedRoot, rootOf } from './terraform/roots.ts';
import { apply, type Change, changedByHand, changesOf, described, kept, plan, store } from './terraform/steps.ts';

const USAGE = `usage: node cicd/terraform.ts STEP ROOT [--report FILE]

plan      plans, and keeps the plan in the root's folder; --read-only does not lock the state, for those who may not write;
          --store puts the plan beside the state as well, and prints the digest by which apply finds it
policy    what the kept plans of an environment and of its account, as one, violate of terraform/policies: \`policy dev\`
cost      what both change about the monthly bill: \`cost dev\`
apply     applies the kept plan, and no other; --plan DIGEST brings it from beside the state first
drift     plans without a lock, and fails where AWS is not as the configuration says

--report FILE   appends to a file in Markdown what is printed`;

/** What of a plan a report shows, in changes and in characters of the plan: comments on GitHub take 65,536, for two plans. */
const LISTED = 150;
const SHOWN = 12_000;

interface Options {
  readonly report: string | undefined;
  readonly store: boolean;
  readonly readOnly: boolean;
  readonly digest: string | undefined;
}

type Step = (root: NamedRoot, options: Options) => Promise<number>;

const verbs: Readonly<Record<string, string>> = { create: '+', update: '~', delete: '-', read: '<' };
const line = ({ address, actions }: Change) =>
  `${actions.map((action) => verbs[action] ?? action).join('/')} ${address}`;

/** The kept plans of an environment and of its account as one. @throws where one is missing, naming the step that makes it */
const both = async ({ environment }: NamedRoot) =>
  together(await kept(await rootOf(`account/${environment}`)), await kept(await rootOf(environment)));

const steps: Readonly<Record<string, Step>> = {
  async plan(root, { report, readOnly, store: stored }) {
    const digest = await plan(root, { lock: !readOnly });
    const changes = changesOf(await kept(root));
    await say(
      report,
      `## Terraform, ${root.name}: ${changes.length} changes`,
      '',
      ...changes.slice(0, LISTED).map((one) => `- \`${line(one)}\``),
      ...(changes.length > LISTED ? [`- … ${changes.length - LISTED} more`] : []),
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
  async policy(root, { report }) {
    const found = refusals(await both(root));
    const lines = found.map(({ policy, address, message }) => `- **${policy}** \`${address}\` ${message}`);
    const verdict = found.length === 0 ? 'kept' : `${found.length} violated`;
    await say(report, `### Policies, ${root.environment}: ${verdict}`, '', ...lines);
    return found.length === 0 ? 0 : 1;
  },
  async cost(root, { report }) {
    await say(report, '### Cost', '', planCost(await both(root), root.environment));
    return 0;
  },
  async apply(root, { report, digest }) {
    await say(report, `## Terraform, ${root.name}: ${await apply(root, digest)}`);
    return 0;
  },
  async drift(root, { report }) {
    await plan(root, { lock: false });
    const planned = await kept(root);
    const byHand = changedByHand(planned);
    const why = ({ address }: Change) => (byHand.has(address) ? 'changed in AWS' : 'not applied');
    const lines = changesOf(planned).map((one) => `- ${why(one)}: \`${line(one)}\``);
    const none = `## ${root.name} is as its configuration says`;
    await say(report, ...(lines.length === 0 ? [none] : [`## ${root.name} has drifted`, '', ...lines]));
    return lines.length === 0 ? 0 : 1;
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
  const [name = '', rootName, ...more] = positionals;
  const step = steps[name];
  if (!step || more.length > 0) throw new Misused(`there is no step "${[name, ...more].join(' ')}"`);
  const { report, store: stored, 'read-only': readOnly, plan: digest } = values;
  return step(await rootOf(rootName), { report, store: stored, readOnly, digest });
});
