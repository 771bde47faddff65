import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { run } from '@mlops/child-process';
import { parseAllDocuments, stringify } from 'yaml';

/** The folders in the order in which they are applied: each needs only what stands before it. */
export const folders = [
  'namespaces',
  'policies',
  'nodes',
  'operators',
  'storage',
  'mlflow',
  'feast',
  'kserve',
  'monitoring',
  'ingress',
  'platform-api',
  'backup',
  'flink',
] as const;

export const environments = ['dev', 'staging', 'prod'] as const;
export type Environment = (typeof environments)[number];

export const root = fileURLToPath(new URL('.', import.meta.url));

/** A Kubernetes object as its manifest says it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape is the kind's own; the API server checks it
  readonly [field: string]: any;
}

/** The documents of a YAML text. Throws on a broken one. */
export function readManifests(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0]) throw document.errors[0];
    const value = document.toJS() as Manifest | null;
    return value ? [value] : [];
  });
}

export const writeManifests = (objects: readonly Manifest[]) =>
  objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');

/** What makes two manifests the same object, whatever else they say. */
export const identity = ({ apiVersion, kind, metadata }: Manifest) =>
  [apiVersion.replace(/\/?v[^/]*$/, ''), kind, metadata.namespace ?? '', metadata.name].join('|');

/** What `kubectl kustomize` makes of a folder below kubernetes/. */
export async function render(folder: string): Promise<Manifest[]> {
  const { code, stdout, stderr } = await run('kubectl', ['kustomize', `${root}${folder}`]);
  if (code !== 0) throw new Error(`kubectl kustomize ${folder}: ${stderr.trim()}`);
  return readManifests(stdout);
}

const rendered = new Map<Environment, Promise<Map<string, Manifest[]>>>();

/** An environment's objects by the folder they come from, in the order of application; rendered once a process. */
export function renderEnvironment(environment: Environment): Promise<Map<string, Manifest[]>> {
  const known = rendered.get(environment) ?? renderFolders(environment);
  rendered.set(environment, known);
  return known;
}

/** Kinds whose pods are replaced when their template changes. */
const REPLACED = ['Deployment', 'StatefulSet', 'DaemonSet'];
/** The annotation of pods that says with which configuration they were started. */
export const CONFIGURATION = 'mlops.dev/configuration';

/**
 * A workload with the digest of the ConfigMaps that its pods read, so that a changed one replaces them: a file that is mounted
 * by itself (subPath) and a variable never change in a pod that runs.
 */
export function stamped(object: Manifest, maps: ReadonlyMap<string, Manifest>): Manifest {
  if (!REPLACED.includes(object.kind)) return object;
  const { template } = object.spec;
  const names = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const name: unknown = ['configMap', 'configMapRef', 'configMapKeyRef'].includes(key) && inner?.name;
      if (typeof name === 'string') names.add(name);
      collect(inner);
    }
  };
  collect(template.spec);
  const read = [...names].sort().flatMap((name) => maps.get(`${object.metadata.namespace}/${name}`) ?? []);
  if (read.length === 0) return object;
  const text = JSON.stringify(read.map((map) => [map['data'], map['binaryData']]));
  const annotations = {
    ...template.metadata.annotations,
    [CONFIGURATION]: createHash('sha256').update(text).digest('hex').slice(0, 16),
  };
  const metadata = { ...template.metadata, annotations };
  return { ...object, spec: { ...object.spec, template: { ...template, metadata } } };
}

async function renderFolders(environment: Environment): Promise<Map<string, Manifest[]>> {
  const all = await render(`overlays/${environment}`);
  const maps = new Map(
    all
      .filter(({ kind }) => kind === 'ConfigMap')
      .map((map) => [`${map.metadata.namespace}/${map.metadata.name}`, map] as const),
  );
  const objects = new Map(all.map((object) => [identity(object), stamped(object, maps)]));
  const result = new Map<string, Manifest[]>();
  for (const folder of folders) {
    const own = (await render(folder)).map((object) => {
      const rendered = objects.get(identity(object));
      if (!rendered) throw new Error(`overlays/${environment} leaves out ${identity(object)} of ${folder}/`);
      objects.delete(identity(object));
      return rendered;
    });
    result.set(folder, own);
  }
  if (objects.size > 0) throw new Error(`overlays/${environment} adds ${[...objects.keys()].join(', ')}`);
  return result;
}
