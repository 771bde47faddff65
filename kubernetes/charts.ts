import { existsSync } from 'node:fs';
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
  for (const manifest of lock.manifests) {
    const text = verified(manifest, await download(manifest.url)).toString('utf8');
    const args = ['apply', '--server-side', '--force-conflicts', '--field-manager=mlops-apply', '-f', '-'];
    const { code, stderr } = await run('kubectl', args, { input: text });
    if (code !== 0) throw new Error(`operators: ${manifest.name} failed:\n${stderr.trim()}`);
    log(`operators: ${manifest.name}`);
  }
}
