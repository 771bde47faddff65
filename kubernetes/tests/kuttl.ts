import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { type Manifest, readManifests, root, writeManifests } from '../manifests.ts';
import { type ControlPlane, eventually } from './control-plane.ts';
import { missing } from './subset.ts';

interface TestStep {
  readonly apply?: readonly string[];
  readonly assert?: readonly string[];
  readonly error?: readonly string[];
  readonly commands?: readonly {
    readonly command?: string;
    readonly script?: string;
    readonly ignoreFailure?: boolean;
  }[];
}

/** The folders of kuttl's tests, by name. */
export async function kuttlCases(): Promise<string[]> {
  const entries = await readdir(join(root, 'tests/kuttl'), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/**
 * Runs one test written as kuttl's steps (NN-name.yaml is applied, NN-assert.yaml must become true, nothing of
 * NN-errors.yaml may be there) against a running server, as `kubectl kuttl test` would: of kuttl's TestStep it knows
 * apply, assert, error and commands. @throws naming the step and what differs.
 */
export async function runKuttlCase(name: string, cluster: ControlPlane): Promise<void> {
  const folder = join(root, 'tests/kuttl', name);
  const namespace = `kuttl-test-${name}`;
  await cluster.get(['create', 'namespace', namespace]);
  const steps = Map.groupBy((await readdir(folder)).filter((file) => /^\d+-.+\.yaml$/.test(file)).sort(), (file) =>
    Number.parseInt(file, 10),
  );
  for (const [index, files] of [...steps].sort(([left], [right]) => left - right)) {
    const role = (file: string) => /^\d+-(assert|errors)/.exec(file)?.[1] ?? 'apply';
    const read = async (kind: string) =>
      (
        await Promise.all(
          files.filter((file) => role(file) === kind).map((file) => readFile(join(folder, file), 'utf8')),
        )
      ).flatMap(readManifests);
    try {
      await runStep(cluster, namespace, folder, {
        apply: await read('apply'),
        assert: await read('assert'),
        errors: await read('errors'),
      });
    } catch (error) {
      throw new Error(`${name}, step ${index}: ${(error as Error).message}`, { cause: error });
    }
  }
}

interface Step {
  readonly apply: readonly Manifest[];
  readonly assert: readonly Manifest[];
  readonly errors: readonly Manifest[];
}

async function runStep(cluster: ControlPlane, namespace: string, folder: string, step: Step) {
  const [tests, objects] = [step.apply.filter(isTestStep), step.apply.filter((object) => !isTestStep(object))];
  const place = (object: Manifest) => [`--namespace=${object.metadata?.namespace ?? namespace}`];
  const load = async (files: readonly string[] = []) =>
    (await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))).flatMap(readManifests);
  const test = (tests[0] ?? {}) as TestStep;
  for (const object of [...objects, ...(await load(test.apply))]) {
    await cluster.get(['apply', ...place(object), '-f', '-'], writeManifests([object]));
  }
  for (const command of test.commands ?? []) {
    const text = command.script ?? command.command ?? '';
    const env = { ...process.env, KUBECONFIG: cluster.kubeconfig, NAMESPACE: namespace };
    const { code, stdout, stderr } = await run('sh', ['-c', text], { cwd: folder, env });
    if (code !== 0 && !command.ignoreFailure) throw new Error(`"${text.trim()}" failed: ${stdout}${stderr}`);
  }
  const live = (object: Manifest) => find(cluster, object, object.metadata.namespace ?? namespace);
  for (const expected of [...step.assert.filter((object) => !isTestStep(object)), ...(await load(test.assert))]) {
    let reasons: string[] = [];
    await eventually(async () => {
      const differences = (await live(expected)).map((found) => missing(expected, found));
      reasons = differences[0] ?? [`no ${expected.kind} ${expected.metadata.name ?? ''}`];
      return differences.some((difference) => difference.length === 0);
    }).catch(() => {
      throw new Error(reasons.join('; '));
    });
  }
  for (const refused of [...step.errors, ...(await load(test.error))]) {
    const there = (await live(refused)).filter((found) => missing(refused, found).length === 0);
    if (there.length > 0) throw new Error(`${refused.kind} ${refused.metadata.name ?? ''} must not be there`);
  }
}

const isTestStep = ({ apiVersion }: Manifest) => apiVersion.startsWith('kuttl.dev/');

async function find(
  cluster: ControlPlane,
  { apiVersion, kind, metadata }: Manifest,
  namespace: string,
): Promise<Manifest[]> {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const type = group ? `${kind}.${version}.${group}` : kind;
  const labels = Object.entries(metadata.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  // without a name: any object of the kind, as kuttl does
  const which = metadata.name ? [metadata.name] : labels.length > 0 ? [`--selector=${labels.join(',')}`] : [];
  const { code, stdout, stderr } = await cluster.kubectl([
    'get',
    type,
    ...which,
    `--namespace=${namespace}`,
    '-o',
    'json',
  ]);
  if (code !== 0) {
    if (/NotFound/.test(stderr)) return [];
    throw new Error(stderr.trim());
  }
  const answer = JSON.parse(stdout) as Manifest & { items?: Manifest[] };
  return answer.items ?? [answer];
}
