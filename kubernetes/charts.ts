import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { run } from '@mlops/child-process';
import { download, verified } from './crds.ts';
import { type Environment, identity, type Manifest, readManifests, root, writeManifests } from './manifests.ts';
import lock from './operators/charts/charts.lock.json' with { type: 'json' };
import { chartValues } from './settings.ts';

export interface Chart {
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  readonly version: string;
  readonly repository?: string;
  /** The folder whose objects it needs; without one it is installed before the objects of operators/. */
  readonly after?: string;
}

export const charts: readonly Chart[] = lock.charts;

export interface LockedManifest {
  readonly name: string;
  readonly url: string;
  readonly sha256: string;
}

/** Operators that are no chart. */
export const manifests: readonly LockedManifest[] = lock.manifests;

/** The values of a chart: those kept here and, over them, the environment's sizes and settings, if any. */
export async function helmValues(chart: Chart, environment: Environment): Promise<string[]> {
  const files = [`operators/charts/${chart.name}.yaml`, `overlays/${environment}/charts/${chart.name}.yaml`];
  const settings = Object.entries(await chartValues(chart.name, environment));
  return [
    ...files.filter((file) => existsSync(`${root}${file}`)).map((file) => `--values=${root}${file}`),
    ...settings.map(([key, value]) => `--set-string=${key}=${value}`),
  ];
}

/** Helm's arguments for a chart at its locked version. */
export async function helmArguments(chart: Chart, environment: Environment): Promise<string[]> {
  return [
    'upgrade',
    chart.name,
    chart.chart,
    '--install',
    `--version=${chart.version}`,
    `--namespace=${chart.namespace}`,
    ...(chart.repository ? [`--repo=${chart.repository}`] : []),
    ...(await helmValues(chart, environment)),
    // the CRDs were applied before, from the lock; KServe's configuration is also ours
    '--take-ownership',
    '--server-side=true',
    '--force-conflicts',
    '--rollback-on-failure',
    '--wait',
    '--timeout=10m',
  ];
}

/**
 * Installs or updates the charts that come after a folder, or before the objects of operators/ where none is named.
 * @throws with the chart's name and Helm's words.
 */
export async function installCharts(
  environment: Environment,
  log: (line: string) => void,
  after?: string,
): Promise<void> {
  for (const chart of charts.filter((one) => one.after === after)) {
    const { code, stderr } = await run('helm', await helmArguments(chart, environment), { timeout: 660_000 });
    if (code !== 0) throw new Error(`operators: chart ${chart.name} ${chart.version} failed:\n${stderr.trim()}`);
    log(`operators: ${chart.name} ${chart.version}`);
  }
}

/** Applies the operators that are no charts. @throws as `applyManifest`, or where one cannot be fetched. */
export async function applyManifests(log: (line: string) => void): Promise<void> {
  for (const manifest of manifests) {
    await applyManifest(manifest, await download(manifest.url));
    log(`operators: ${manifest.name}`);
  }
}

/**
 * Applies an operator that is no chart: its release's manifest with the fields kept here laid over it.
 * @throws where it is not the locked one, or with kubectl's words.
 */
export async function applyManifest(manifest: LockedManifest, bytes: Buffer, env = process.env): Promise<void> {
  const own = await readFile(`${root}operators/charts/${manifest.name}.yaml`, 'utf8');
  const changes = new Map(readManifests(own).map((object) => [identity(object), object]));
  const objects = readManifests(verified(manifest, bytes).toString('utf8')).map((object) => {
    const change = changes.get(identity(object));
    changes.delete(identity(object));
    return change ? (layOver(object, change) as Manifest) : object;
  });
  if (changes.size > 0) throw new Error(`operators: ${manifest.name} has no ${[...changes.keys()].join(', ')}`);
  const args = ['apply', '--server-side', '--force-conflicts', '--field-manager=mlops-apply', '-f', '-'];
  const { code, stderr } = await run('kubectl', args, { input: writeManifests(objects), env });
  if (code !== 0) throw new Error(`operators: ${manifest.name} failed:\n${stderr.trim()}`);
}

/** A value with another laid over it: fields by name, items of a list by their `name`. */
function layOver(base: unknown, change: unknown): unknown {
  const isNamed = (value: unknown): value is { name: string } =>
    typeof value === 'object' && value !== null && 'name' in value;
  if (Array.isArray(base) && Array.isArray(change) && change.every(isNamed)) {
    const known = base.map((item: unknown) =>
      layOver(item, isNamed(item) ? change.find(({ name }) => name === item.name) : undefined),
    );
    return [...known, ...change.filter(({ name }) => !base.some((item) => isNamed(item) && item.name === name))];
  }
  if (typeof base !== 'object' || typeof change !== 'object' || base === null || change === null)
    return change === undefined ? base : change;
  const keys = new Set([...Object.keys(base), ...Object.keys(change)]);
  return Object.fromEntries([...keys].map((key) => [key, layOver(Reflect.get(base, key), Reflect.get(change, key))]));
}
