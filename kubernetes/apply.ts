/**
 * Applies the platform to the cluster of the current kubeconfig, in order, and says what failed and why:
 * `node apply.ts ENVIRONMENT [--without-crds] [--without-charts] [--no-wait] [--timeout SECONDS] [--warnings-as-errors]
 * [--crds FOLDER]`.
 * A second run changes nothing. People and CI/CD run this same program. It exits with 0, with 1 where something failed,
 * and with 2 where it was called wrongly.
 */
import { readdir, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { run } from '@mlops/child-process';
import { applyManifests, installCharts } from './charts.ts';
import { customResourceFiles } from './crds.ts';
import {
  type Environment,
  environments,
  identity,
  type Manifest,
  readManifests,
  renderEnvironment,
  root,
  writeManifests,
} from './manifests.ts';
import { waitFor } from './wait.ts';

export interface ApplyOptions {
  readonly environment: Environment;
  /** Folder of the CRD files; those that miss are fetched into it. Undefined: they are in the cluster already. */
  readonly crds: string | undefined;
  readonly charts: boolean;
  /** How long one object may take to become ready, in seconds; 0: nothing is waited for. */
  readonly seconds: number;
  readonly warningsAsErrors: boolean;
  readonly log: (line: string) => void;
}

/**
 * Applies everything, and waits for all but streaming: its brokers are none of this platform's, and may not be there yet.
 * @throws with the step, kubectl's own words and, where it waited, what the pods say.
 */
export async function apply(options: ApplyOptions): Promise<void> {
  const { environment, log } = options;
  const steps = await renderEnvironment(environment);
  if (options.crds) await applyCustomResources(options.crds, log);
  for (const [folder, objects] of steps) {
    if (folder === 'operators' && options.charts) {
      await installCharts(environment, log);
      await applyManifests(log);
    }
    const waits = options.seconds > 0 && folder !== 'flink';
    for (const part of waits ? parts(objects) : [objects]) {
      await applyObjects(folder, part, options);
      if (waits) await waitFor(part, { log, seconds: options.seconds });
    }
    if (options.charts) await installCharts(environment, log, folder);
  }
}

/** Objects in the order in which they are applied and waited for: what a folder's Jobs do comes before what runs. */
export function parts(objects: readonly Manifest[]): Manifest[][] {
  const runs = ({ kind }: Manifest) => ['Deployment', 'StatefulSet'].includes(kind);
  const before = objects.filter((object) => !runs(object));
  return before.some(({ kind }) => kind === 'Job') ? [before, objects.filter(runs)] : [[...objects]];
}

async function applyCustomResources(crds: string, log: ApplyOptions['log']) {
  const paths = await customResourceFiles(crds);
  const files = paths.flatMap((path) => ['-f', path]);
  await kubectl('crds', ['apply', '--server-side', '--force-conflicts', '--field-manager=mlops-apply', ...files], log);
  await kubectl('crds', ['wait', '--for=condition=Established', '--timeout=120s', ...files]);
}

async function applyObjects(folder: string, objects: readonly Manifest[], options: ApplyOptions) {
  const args = ['apply', '--server-side', '--force-conflicts', '--field-manager=mlops-apply', '--validate=strict'];
  if (options.warningsAsErrors) args.push('--warnings-as-errors');
  try {
    await kubectl(folder, [...args, '-f', '-'], options.log, writeManifests(objects));
  } catch (error) {
    const refused = await refusals(folder, objects, args);
    throw new Error(refused.length > 0 ? `${folder} failed:\n${refused.join('\n')}` : (error as Error).message, {
      cause: error,
    });
  }
}

/**
 * Of objects that were applied together the refused ones: file, object and reason of each. kubectl itself names no file,
 * and of an unknown field not even the object.
 */
async function refusals(folder: string, objects: readonly Manifest[], args: readonly string[]): Promise<string[]> {
  if ((await run('kubectl', ['version', '--request-timeout=10s'], { timeout: 30_000 })).code !== 0) return [];
  const refused: string[] = [];
  for (const object of objects) {
    const alone = { input: writeManifests([object]), timeout: 60_000 };
    const { code, stderr } = await run('kubectl', [...args, '--dry-run=server', '-f', '-'], alone);
    if (code === 0) continue;
    const { namespace, name } = object.metadata;
    const where = `${await fileOf(folder, object)}: ${object.kind} ${namespace ? `${namespace}/` : ''}${name}`;
    refused.push(`${where}: ${stderr.trim()}`);
  }
  return refused;
}

/** The file of a folder that has an object. */
async function fileOf(folder: string, object: Manifest): Promise<string> {
  for (const file of await readdir(`${root}${folder}`)) {
    if (!file.endsWith('.yaml')) continue;
    const own = readManifests(await readFile(`${root}${folder}/${file}`, 'utf8'));
    if (own.some((one) => identity(one) === identity(object))) return `${folder}/${file}`;
  }
  return `${folder}/`;
}

/** A Secret or a namespace just made may not be seen by all of the API server yet: such a refusal is tried again. */
const PASSING = /(not yet ready|timed out|EOF|connection refused|TLS handshake|etcdserver: request)/;

async function kubectl(step: string, args: readonly string[], log: (line: string) => void = () => {}, input?: string) {
  for (let attempt = 1; ; attempt += 1) {
    const { code, stdout, stderr } = await run('kubectl', args, input === undefined ? {} : { input });
    if (code === 0) {
      const changes = new Map<string, number>();
      for (const verb of stdout.match(/(?<= )[a-z-]+$/gm) ?? []) changes.set(verb, (changes.get(verb) ?? 0) + 1);
      log(`${step}: ${[...changes].map(([verb, count]) => `${count} ${verb}`).join(', ') || 'done'}`);
      return;
    }
    if (attempt >= 3 || !PASSING.test(stderr)) throw new Error(`${step} failed:\n${stderr.trim()}`);
    log(`${step}: ${stderr.trim().split('\n').at(-1)}; trying again`);
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'without-crds': { type: 'boolean', default: false },
      'without-charts': { type: 'boolean', default: false },
      'no-wait': { type: 'boolean', default: false },
      timeout: { type: 'string', default: '600' },
      'warnings-as-errors': { type: 'boolean', default: false },
      crds: { type: 'string', default: process.env['MLOPS_CRDS_DIR'] ?? '.cache/crds' },
    },
  });
  const environment = environments.find((name) => name === positionals[0]);
  const seconds = Number(values.timeout);
  if (!environment || positionals.length !== 1 || !(seconds > 0)) {
    console.error(
      `usage: node apply.ts ${environments.join('|')} [--without-crds] [--without-charts] [--no-wait] [--timeout SECONDS] [--crds FOLDER]`,
    );
    process.exit(2);
  }
  try {
    await apply({
      environment,
      crds: values['without-crds'] ? undefined : values.crds,
      charts: !values['without-charts'],
      seconds: values['no-wait'] ? 0 : seconds,
      warningsAsErrors: values['warnings-as-errors'],
      log: (line) => console.log(line),
    });
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
