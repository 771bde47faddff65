import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { type Environment, type Manifest, renderEnvironment, writeManifests } from '../../kubernetes/manifests.ts';

/** A workload, and the revision of its pods' template that runs. */
export interface Workload {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** The number by which `kubectl rollout undo` knows it. */
  readonly revision: string;
  /** The digest of the template of its pods: a workload that was taken back has a new number and the old template. */
  readonly template: string;
}

/** kubectl's output. @throws its words. */
async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await run('kubectl', args, input === undefined ? {} : { input });
  if (code !== 0) throw new Error(`kubectl ${args[0]}: ${stderr.trim()}`);
  return stdout;
}

/** Writes an environment's objects as files, one for each folder, numbered in the order in which they are applied. */
export async function renderTo(environment: Environment, folder: string): Promise<string[]> {
  const steps = [...(await renderEnvironment(environment))];
  const files = steps.map(([name], index) => `${String(index).padStart(2, '0')}-${name}.yaml`);
  for (const [index, [, objects]] of steps.entries())
    await writeFile(join(folder, files[index] ?? ''), writeManifests(objects));
  return files;
}

/** What an application of one folder would change: kubectl's differences, and objects whose namespace or kind is not there yet. */
export interface Difference {
  readonly folder: string;
  readonly text: string;
  readonly created: readonly string[];
}

/** Compares an environment with the cluster, by the API server's own defaults. Changes nothing. @throws with kubectl's words. */
export async function diff(environment: Environment): Promise<Difference[]> {
  const namespaces = new Set((await kubectl(['get', 'namespaces', '--output=name'])).match(/(?<=\/).+$/gm));
  const kinds = new Set((await kubectl(['api-resources', '--no-headers'])).match(/\S+(?=\s*$)/gm));
  const isNew = ({ kind, metadata: { namespace } }: Manifest) =>
    !kinds.has(kind) || (namespace !== undefined && !namespaces.has(namespace));
  const found: Difference[] = [];
  for (const [folder, objects] of await renderEnvironment(environment)) {
    const created = objects
      .filter(isNew)
      .map(({ kind, metadata: { name, namespace } }) => `${kind} ${namespace ? `${namespace}/` : ''}${name}`);
    const there = objects.filter((object) => !isNew(object));
    const text = there.length > 0 ? await differences(there) : '';
    if (text !== '' || created.length > 0) found.push({ folder, text, created });
  }
  return found;
}

/** https://kubernetes.io/docs/reference/kubectl/generated/kubectl_diff/: 1 is a difference, more is a failure. */
async function differences(objects: readonly Manifest[]): Promise<string> {
  const args = ['diff', '--server-side', '--force-conflicts', '--field-manager=mlops-apply', '--filename=-'];
  const { code, stdout, stderr } = await run('kubectl', args, { input: writeManifests(objects) });
  // kubectl exits with 1 where the API server refuses an object, too, and then prints no difference
  if (code > 1 || (code === 1 && stdout === '')) throw new Error(`kubectl diff: ${stderr.trim()}`);
  return withoutPaths(stdout);
}

/** Names of temporary files and times of comparison say nothing, and would differ each time. */
const withoutPaths = (text: string) =>
  text
    .split('\n')
    .filter((line) => !line.startsWith('diff -u'))
    .map((line) => line.replace(/^(---|\+\+\+) \S*\/(LIVE|MERGED)-\d+\/(\S+).*$/, '$1 $3'))
    .join('\n')
    .trim();

const KINDS = ['deployments', 'statefulsets', 'daemonsets'];

/** The workloads of an environment that run, with their revisions. */
export async function workloads(environment: Environment): Promise<Workload[]> {
  const ours = new Set(
    [...(await renderEnvironment(environment)).values()]
      .flat()
      .map(({ kind, metadata: { namespace, name } }) => `${kind}|${namespace}|${name}`),
  );
  const { items } = JSON.parse(await kubectl(['get', KINDS.join(','), '--all-namespaces', '--output=json'])) as {
    items: Manifest[];
  };
  const revisions = await controllerRevisions();
  return items
    .filter(({ kind, metadata: { namespace, name } }) => ours.has(`${kind}|${namespace}|${name}`))
    .map((object) => {
      const { kind, metadata } = object;
      const { namespace = '', name, annotations = {} } = metadata;
      const revision =
        kind === 'Deployment'
          ? annotations['deployment.kubernetes.io/revision']
          : revisions.get(`${kind}|${namespace}|${name}`);
      const template = createHash('sha256').update(JSON.stringify(object['spec'].template)).digest('hex');
      return { kind, namespace, name, revision: revision ?? '', template };
    })
    .filter(({ revision }) => revision !== '');
}

/** The newest revision of each StatefulSet and DaemonSet: those keep theirs as objects. */
async function controllerRevisions(): Promise<Map<string, string>> {
  const { items } = JSON.parse(await kubectl(['get', 'controllerrevisions', '--all-namespaces', '--output=json'])) as {
    items: Manifest[];
  };
  const newest = new Map<string, number>();
  for (const { metadata, revision } of items) {
    const [owner] =
      (metadata as Manifest['metadata'] & { ownerReferences?: { kind: string; name: string }[] }).ownerReferences ?? [];
    if (!owner) continue;
    const key = `${owner.kind}|${metadata.namespace}|${owner.name}`;
    newest.set(key, Math.max(newest.get(key) ?? 0, revision as number));
  }
  return new Map([...newest].map(([key, revision]) => [key, String(revision)]));
}

/**
 * Takes workloads back to the pods that they had: those that have moved on since.
 * @returns the workloads that were taken back
 */
export async function undo(
  environment: Environment,
  before: readonly Workload[],
  seconds: number,
): Promise<Workload[]> {
  const now = new Map(
    (await workloads(environment)).map((one) => [`${one.kind}|${one.namespace}|${one.name}`, one.template]),
  );
  const moved = before.filter(({ kind, namespace, name, template }) => {
    const current = now.get(`${kind}|${namespace}|${name}`);
    return current !== undefined && current !== template;
  });
  for (const { kind, namespace, name, revision } of moved)
    await kubectl([
      'rollout',
      'undo',
      `${kind.toLowerCase()}/${name}`,
      `--namespace=${namespace}`,
      `--to-revision=${revision}`,
    ]);
  if (seconds > 0)
    for (const { kind, namespace, name } of moved)
      await kubectl([
        'rollout',
        'status',
        `${kind.toLowerCase()}/${name}`,
        `--namespace=${namespace}`,
        `--timeout=${seconds}s`,
      ]);
  return moved;
}
