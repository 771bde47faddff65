import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { run } from './command.ts';
import { download, verified } from './crds.ts';
import { type Environment, root } from './manifests.ts';
import lock from './operators/charts/charts.lock.json' with { type: 'json' };

export interface Chart {
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  readonly version: string;
  readonly repository?: string;
}

export const charts: readonly Chart[] = lock.charts;

export interface LockedManifest {
  readonly name: string;
  readonly url: string;
  readonly sha256: string;
}

/** Operators that are no chart. */
export const manifests: readonly LockedManifest[] = lock.manifests;

/** The values of a chart: those kept here and, over them, those of the environment, if any. */
export const helmValues = (chart: Chart, environment: Environment): string[] =>
  [`operators/charts/${chart.name}.yaml`, `overlays/${environment}/charts/${chart.name}.yaml`]
    .filter((file) => existsSync(`${root}${file}`))
    .map((file) => `--values=${root}${file}`);

/** Helm's arguments for a chart at its locked version. */
export function helmArguments(chart: Chart, environment: Environment): string[] {
  return [
    'upgrade',
    chart.name,
    chart.chart,
    '--install',
    `--version=${chart.version}`,
    `--namespace=${chart.namespace}`,
    ...(chart.repository ? [`--repo=${chart.repository}`] : []),
    ...helmValues(chart, environment),
    // the CRDs were applied before, from the lock
    '--take-ownership',
    '--atomic',
    '--wait',
    '--timeout=10m',
  ];
}

/** Installs or updates the operators. @throws with the chart's name and Helm's words. */
export async function installOperators(environment: Environment, log: (line: string) => void): Promise<void> {
  for (const chart of charts) {
    const { code, stderr } = await run('helm', helmArguments(chart, environment), { timeout: 660_000 });
    if (code !== 0) throw new Error(`operators: chart ${chart.name} ${chart.version} failed:\n${stderr.trim()}`);
    log(`operators: ${chart.name} ${chart.version}`);
  }
  for (const manifest of manifests) {
    await applyManifest(manifest, await download(manifest.url));
    log(`operators: ${manifest.name}`);
  }
}

/**
 * Applies an operator that is no chart: its release's manifest, and over it the fields kept here.
 * @throws where it is not the locked one, or with kubectl's words.
 */
export async function applyManifest(manifest: LockedManifest, bytes: Buffer, env = process.env): Promise<void> {
  const own = `${root}operators/charts/${manifest.name}.yaml`;
  const texts = [
    ['mlops-release', verified(manifest, bytes).toString('utf8')],
    ['mlops-apply', existsSync(own) ? await readFile(own, 'utf8') : ''],
  ] as const;
  for (const [manager, input] of texts.filter(([, text]) => text)) {
    const args = ['apply', '--server-side', '--force-conflicts', `--field-manager=${manager}`, '-f', '-'];
    const { code, stderr } = await run('kubectl', args, { input, env });
    if (code !== 0) throw new Error(`operators: ${manifest.name} failed:\n${stderr.trim()}`);
  }
}
