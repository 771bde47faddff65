import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { terraformIn } from '../../terraform/command.ts';
import type { Plan } from '../../terraform/terraform.ts';

/** An environment's root, and where its state is kept. */
export interface Root {
  readonly folder: string;
  /** The bucket of the state. */
  readonly bucket: string;
  readonly region: string;
}

/** The file of a plan in its root's folder. It is as secret as the state: it holds what the state holds. */
const FILE = 'tfplan';
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
  await terraform(root, init(root), ['plan', '-no-color', locking, `-out=${FILE}`]);
  return digestOf(await readFile(join(root.folder, FILE)));
}

/** The kept plan in its JSON form. @throws where none is kept. */
export async function kept(root: Root): Promise<Plan> {
  return JSON.parse(await terraform(root, ['show', '-json', FILE])) as Plan;
}

/**
 * What the environment's account has once, which has a root and a state of its own, planned without a lock: policies judge both as
 * one.
 */
export async function planOfAccount(root: Root, environment: string): Promise<Plan> {
  const account = { ...root, folder: join(root.folder, '../account') };
  const file = `${environment}.tfplan`;
  const planned = ['plan', '-no-color', '-lock=false', `-var-file=${environment}.tfvars`, `-out=${file}`];
  try {
    return JSON.parse(await terraform(account, init(account), planned, ['show', '-json', file])) as Plan;
  } finally {
    await rm(join(account.folder, file), { force: true });
  }
}

/** The kept plan for people; what Terraform knows to be secret is not in it. */
export const described = (root: Root): Promise<string> => terraform(root, ['show', '-no-color', FILE]);

/** What a plan changes. */
export function changesOf({ resource_changes: all = [] }: Plan): Change[] {
  return all
    .filter(({ mode, change: { actions } }) => mode === 'managed' && !actions.includes('no-op'))
    .map(({ address, change: { actions } }) => ({ address, actions }));
}

/** Puts the kept plan beside the state, encrypted as it: for the one who applies it elsewhere. @throws with AWS's words. */
export async function store(root: Root): Promise<string> {
  const digest = digestOf(await readFile(join(root.folder, FILE)));
  await copy(root, FILE, `s3://${root.bucket}/${keyOf(digest)}`);
  return digest;
}

/** Brings a plan from beside the state into the root's folder. @throws where it is not there, or not the one that is named. */
async function bring(root: Root, digest: string): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new Error(`--plan is the SHA-256 of a plan's file, not "${digest}"`);
  await copy(root, `s3://${root.bucket}/${keyOf(digest)}`, FILE);
  const found = digestOf(await readFile(join(root.folder, FILE)));
  if (found === digest) return;
  await rm(join(root.folder, FILE));
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
  const output = await terraform(root, init(root), ['apply', '-no-color', '-lock-timeout=5m', FILE]);
  await rm(join(root.folder, FILE));
  return output.split('\n').find((line) => line.startsWith('Apply complete')) ?? '';
}
