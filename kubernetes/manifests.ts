import { fileURLToPath } from 'node:url';
import { run } from '@mlops/child-process';
import { parseAllDocuments, stringify } from 'yaml';

/** The folders in the order in which they are applied: each needs only what stands before it. */
export const folders = [
  'namespaces',
  'policies',
  'operators',
  'storage',
  'mlflow',
  'feast',
  'kserve',
  'monitoring',
  'ingress',
  'platform-api',
  'flink',
  'backup',
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

async function renderFolders(environment: Environment): Promise<Map<string, Manifest[]>> {
  const objects = new Map((await render(`overlays/${environment}`)).map((object) => [identity(object), object]));
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
