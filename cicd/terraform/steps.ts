import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { terraformIn } from '../../terraform/command.ts';
import type { Plan } from '../../terraform/terraform.ts';

/** A root with a state of its own, and where that is kept. */
export interface Root {
  /** What people and pipelines call it. */
  readonly name: string;
  readonly folder: string;
  /** The bucket of the state. */
  readonly bucket: string;
  readonly region: string;
  /** The file of the kept plan in the folder. It is as secret as the state: it holds what the state holds. */
  readonly planFile: string;
  /** Arguments of Terraform that name the settings. */
  readonly settings: readonly string[];
}

const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const keyOf = (digest: string) => `plans/${digest}.tfplan`;

/** What a plan does to one resource. */
export interface Change {
  readonly address: string;
  readonly actions: readonly string[];
}

/** Runs Terraform in a root and returns what it printed. @throws with Terraform's own words. */
async function terraform({ folder }: Root, ...commands: readonly (readonly string[])[]): Promise<string> {
  const temporary = await mkdtemp(join(tmpdir(), 'mlops-terraform-'));
  try {
    const { run: terraformRun } = terraformIn(folder, temporary);
    let output = '';
    for (const command of commands) output = await terraformRun(command);
    return output;
  } finally {
    await rm(temporary, { recursive: true });
  }
}

const init = ({ bucket }: Root) => [
  'init',
  '-no-color',
  '-reconfigure',
  '-lockfile=readonly',
  `-backend-config=bucket=${bucket}`,
];

/**
 * Plans from the state as it is, and keeps the plan in the root's folder.
 * @param lock whether the state is locked meanwhile; one who may only read cannot
 * @returns the digest of the plan's file
 */
export async function plan(root: Root, { lock }: { readonly lock: boolean }): Promise<string> {
  const locking = lock ? '-lock-timeout=5m' : '-lock=false';
  const planning = ['plan', '-no-color', locking, `-out=${root.planFile}`, ...root.settings];
  await terraform(root, init(root), planning);
  return digestOf(await readFile(join(root.folder, root.planFile)));
}

/** @throws where no plan is kept, naming the step that makes one */
function needPlan({ folder, name, planFile }: Root): void {
  if (existsSync(join(folder, planFile))) return;
  throw new Error(`no plan of ${name} is kept; first: node cicd/terraform.ts plan ${name}`);
}

/** The kept plan in its JSON form. @throws where none is kept. */
export async function kept(root: Root): Promise<Plan> {
  needPlan(root);
  // the folder of the accounts serves several states
  return JSON.parse(await terraform(root, init(root), ['show', '-json', root.planFile])) as Plan;
}

/** The kept plan for people; what Terraform knows to be secret is not in it. */
export const described = (root: Root): Promise<string> =>
  terraform(root, init(root), ['show', '-no-color', root.planFile]);

/** What a plan changes. */
export function changesOf({ resource_changes: all = [] }: Plan): Change[] {
  return all
    .filter(({ mode, change: { actions } }) => mode === 'managed' && !actions.includes('no-op'))
    .map(({ address, change: { actions } }) => ({ address, actions }));
}

/** Addresses of what is not any more as Terraform has left it. A refresh also notes what AWS fills in: only what would change has drifted. */
export function changedByHand(plan: Plan): ReadonlySet<string> {
  const { resource_drift: drift = [] } = plan as Plan & { readonly resource_drift?: readonly { address: string }[] };
  return new Set(drift.map(({ address }) => address));
}

/** Puts the kept plan beside the state, encrypted as it: for the one who applies it elsewhere. @throws with AWS's words. */
export async function store(root: Root): Promise<string> {
  const digest = digestOf(await readFile(join(root.folder, root.planFile)));
  await copy(root, root.planFile, `s3://${root.bucket}/${keyOf(digest)}`);
  return digest;
}

/** Brings a plan from beside the state into the root's folder. @throws where it is not there, or not the one that is named. */
async function bring(root: Root, digest: string): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new Error(`--plan is the SHA-256 of a plan's file, not "${digest}"`);
  await copy(root, `s3://${root.bucket}/${keyOf(digest)}`, root.planFile);
  const found = digestOf(await readFile(join(root.folder, root.planFile)));
  if (found === digest) return;
  await rm(join(root.folder, root.planFile));
  throw new Error(`the plan beside the state is ${found}, not ${digest}: nothing was applied`);
}

async function copy({ folder, region }: Root, from: string, to: string): Promise<void> {
  const args = ['s3', 'cp', '--only-show-errors', `--region=${region}`, from, to];
  const { code, stderr } = await run('aws', args, { cwd: folder });
  if (code !== 0) throw new Error(`aws s3 cp: ${stderr.trim()}`);
}

/**
 * Applies the kept plan, or the one of this digest from beside the state; never one that nobody has seen. Terraform refuses it
 * where the state has moved on since.
 * @returns Terraform's last lines
 */
export async function apply(root: Root, digest?: string): Promise<string> {
  if (digest !== undefined) await bring(root, digest);
  needPlan(root);
  const output = await terraform(root, init(root), ['apply', '-no-color', '-lock-timeout=5m', root.planFile]);
  await rm(join(root.folder, root.planFile));
  return output.split('\n').find((line) => line.startsWith('Apply complete')) ?? '';
}
