import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeDBInstancesCommand, ModifyDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type WorkingCopy, workingCopy } from '../terraform.ts';
import { type AwsMock, startAwsMock } from './aws-mock.ts';
import { openBuckets, openRules, wildcardActions } from './exposure.ts';
import { bucketEncryption, cluster, inventory } from './resources.ts';

const root = join(import.meta.dirname, '..');
const region = 'us-east-1';
const secondaryRegion = 'us-west-2';

/** What a plan would do to each resource that it would touch. */
type Changes = Readonly<Record<string, string>>;

/** What was seen on an environment's and its account's way from nothing to nothing. */
export interface Journey {
  /** Of the account, and of the environment. */
  readonly secondPlans: readonly Changes[];
  readonly changedBudget: Changes;
  readonly found: Awaited<ReturnType<typeof inventory>>;
  readonly foundInSecondRegion: Awaited<ReturnType<typeof inventory>>;
  readonly cluster: Awaited<ReturnType<typeof cluster>>;
  readonly encryption: Readonly<Record<string, string | undefined>>;
  readonly secrets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly firstPasswords: readonly string[];
  readonly wildcardActions: Awaited<ReturnType<typeof wildcardActions>>;
  readonly openRules: readonly string[];
  readonly openBuckets: readonly string[];
  readonly left: Awaited<ReturnType<typeof inventory>>;
  readonly leftInSecondRegion: Awaited<ReturnType<typeof inventory>>;
}

/** An environment's way; `stop` ends it early. */
export interface Travelling {
  readonly journey: Promise<Journey>;
  readonly stop: () => Promise<void>;
}

/** The roots that are applied to one mock, in their order. */
interface Copies {
  readonly account: WorkingCopy;
  readonly environment: WorkingCopy;
}

/**
 * Applies an environment and, before it, its account to a mock of their own, looks at them, plans again, changes a variable, destroys,
 * looks again.
 */
export function travel(environment: string): Travelling {
  const mock = startAwsMock(accountOf(environment));
  // The state's bucket is no part of either.
  const copy = (name: string) =>
    workingCopy(join(root, 'environments', name), 'terraform {\n  backend "local" {}\n}\n');
  const copies: Copies = { account: copy('account'), environment: copy(environment) };
  const stop = async () => {
    for (const one of Object.values(copies) as WorkingCopy[]) one.remove();
    await mock.then((started) => started.stop()).catch(() => {});
  };
  const visitAndStop = async () => {
    try {
      return await visit(environment, await mock, copies);
    } finally {
      await stop();
    }
  };
  return { journey: visitAndStop(), stop };
}

async function visit(environment: string, mock: AwsMock, copies: Copies): Promise<Journey> {
  const started = performance.now();
  const settings = { account: [`-var-file=${environment}.tfvars`], environment: [] as string[] };
  const run = async (root: keyof Copies, command: string, ...args: string[]) => {
    const own = command === 'init' ? [] : settings[root];
    const output = await copies[root].run([command, '-no-color', ...own, ...args], mock.environment);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`${environment}: ${root} ${command} done after ${seconds} s`);
    return output;
  };
  // What a plan would do. One that asks AWS nothing shows what the configuration alone changes.
  const changes = async (root: keyof Copies, ...args: string[]) =>
    plannedChanges(await run(root, 'plan', '-json', '-parallelism=20', ...args));
  for (const root of ['account', 'environment'] as const) {
    await run(root, 'init');
    await run(root, 'apply', '-auto-approve', '-parallelism=40');
  }
  const found = await inventory(mock, region);
  const seen = {
    firstPasswords: firstPasswords(readFileSync(join(copies.environment.folder, 'terraform.tfstate'), 'utf8')),
    secondPlans: [await changes('account'), await changes('environment')],
    changedBudget: await changes('account', '-refresh=false', '-var=monthly_budget=4321'),
    found,
    foundInSecondRegion: await inventory(mock, secondaryRegion),
    cluster: await cluster(mock, region, `mlops-${environment}`),
    encryption: await encryption(mock, found.buckets),
    secrets: await secrets(mock, found.secrets),
    wildcardActions: await wildcardActions(mock),
    openRules: [...(await openRules(mock, region)), ...(await openRules(mock, secondaryRegion))],
    openBuckets: await openBuckets(mock, found.buckets),
  };
  await allowDeletion(mock);
  // The plan has just asked AWS about everything.
  // Neither state knows the other; deleting databases takes the provider minutes.
  await Promise.all(
    (['environment', 'account'] as const).map((root) =>
      run(root, 'destroy', '-auto-approve', '-parallelism=40', '-refresh=false'),
    ),
  );
  const left = await inventory(mock, region);
  return { ...seen, left, leftInSecondRegion: await inventory(mock, secondaryRegion) };
}

/** The account that an environment's settings name. */
function accountOf(environment: string): string {
  const settings = readFileSync(join(root, 'environments', environment, 'terraform.tfvars'), 'utf8');
  return /account_id\s*=\s*"(\d{12})"/.exec(settings)?.[1] ?? '';
}

/** https://developer.hashicorp.com/terraform/internals/machine-readable-ui#planned-change */
function plannedChanges(output: string): Changes {
  const messages = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as PlanMessage);
  if (!messages.some(({ type }) => type === 'change_summary')) throw new Error(`no plan: ${output.slice(-2000)}`);
  const planned = messages.flatMap(({ type, change }) => (type === 'planned_change' && change ? [change] : []));
  return Object.fromEntries(planned.map(({ resource, action }) => [resource.addr, action]));
}

interface PlanMessage {
  readonly type: string;
  readonly change?: { readonly action: string; readonly resource: { readonly addr: string } };
}

async function encryption(mock: AwsMock, buckets: readonly string[]) {
  const found = await Promise.all(buckets.map(async (name) => [name, await bucketEncryption(mock, name)] as const));
  return Object.fromEntries(found);
}

async function secrets(mock: AwsMock, names: readonly string[]) {
  const client = new SecretsManagerClient({ ...mock.client, region });
  const filled = names.filter((name) => /(-database|\/redis|\/redshift)$/.test(name));
  const read = filled.map(async (SecretId) => {
    const { SecretString = '{}' } = await client.send(new GetSecretValueCommand({ SecretId }));
    return [SecretId, JSON.parse(SecretString) as Record<string, unknown>] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

/** The passwords that Terraform's state knows: those of the first minute. */
function firstPasswords(state: string): string[] {
  return [...state.matchAll(/"random_password": "([^"]+)"/g)].map(([, password = '']) => password);
}

/** Databases that are protected from deletion are released by hand before an environment is destroyed; here, too. */
async function allowDeletion(mock: AwsMock): Promise<void> {
  for (const where of [region, secondaryRegion]) {
    const client = new RDSClient({ ...mock.client, region: where });
    const { DBInstances = [] } = await client.send(new DescribeDBInstancesCommand({}));
    for (const { DBInstanceIdentifier } of DBInstances)
      await client.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, DeletionProtection: false }));
  }
}
