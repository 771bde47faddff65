/**
 * Says what is missing before it breaks: `node cicd/preflight.ts ENVIRONMENT`. Looks at this machine, then at the AWS account,
 * then at what the cluster needs once Terraform has run, and changes nothing. It exits with 0 where nothing is missing, with 1
 * where something is, and with 2 where it was called wrongly. docs/runbooks/deployment-guide.md says when to call it.
 */
import { readFile } from 'node:fs/promises';
import { environments } from '../kubernetes/manifests.ts';
import { account } from './preflight/account.ts';
import { type Check, contextOf, type Missing } from './preflight/check.ts';
import { cluster } from './preflight/cluster.ts';
import { machine } from './preflight/machine.ts';

/** What is looked at, in order: a stage is asked only where nothing is missing in the one before. */
const stages: readonly (readonly [name: string, checks: readonly Check[]])[] = [
  ['this machine', machine],
  ['the account, before terraform apply', account],
  ['the cluster, after terraform apply', cluster],
];

const environment = environments.find((name) => name === process.argv[2]);
if (!environment || process.argv.length !== 3) {
  console.error(`usage: node cicd/preflight.ts ${environments.join('|')}`);
  process.exit(2);
}
const settings = [`account/${environment}.tfvars`, `${environment}/terraform.tfvars`];
const texts = settings.map((path) => readFile(new URL(`../terraform/environments/${path}`, import.meta.url), 'utf8'));
const context = await contextOf(environment, (await Promise.all(texts)).join('\n'));
let missing: Missing[] = [];
for (const [stage, checks] of stages) {
  if (missing.length > 0) {
    console.log(`\n${stage}: not looked at yet`);
    continue;
  }
  console.log(`\n${stage}`);
  for (const { title, look } of checks) {
    const found = await look(context);
    console.log(`  ${found.length === 0 ? 'ok     ' : 'MISSING'} ${title}`);
    for (const { what, fix } of found) console.log(`          ${what}\n          → ${fix}`);
    missing = [...missing, ...found];
  }
}
process.exitCode = missing.length > 0 ? 1 : 0;
