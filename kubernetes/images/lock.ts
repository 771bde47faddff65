/**
 * Asks each image's registry for the digest of its locked version and writes images.lock.json and kustomization.yaml:
 * `node images/lock.ts [NAME …]`. Needs the registries; those that ask for a sign-in get the variable
 * MLOPS_REGISTRY_AUTHORIZATION as it is.
 */
import { readFile, writeFile } from 'node:fs/promises';

export interface LockedImage {
  readonly name: string;
  readonly tag: string;
  readonly digest: string | null;
  /** Built from this repository, and pushed to each account's own registry: nobody else's is asked. */
  readonly ours?: boolean;
}

const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/**
 * The digest of a version, by the OCI distribution protocol (HEAD /v2/<name>/manifests/<tag>), with the anonymous token
 * that most registries hand out. `scheme` is http for a registry on this machine. @throws with the address and status.
 */
export async function digestOf({ name, tag }: Pick<LockedImage, 'name' | 'tag'>, scheme = 'https'): Promise<string> {
  const [first = '', ...rest] = name.split('/');
  const hub = !first.includes('.') && !first.includes(':');
  const registry = hub || first === 'docker.io' ? 'registry-1.docker.io' : first;
  const repository = hub ? name : rest.join('/');
  const url = `${scheme}://${registry}/v2/${repository}/manifests/${tag}`;
  const authorization = process.env['MLOPS_REGISTRY_AUTHORIZATION'];
  let response = await fetch(url, {
    method: 'HEAD',
    headers: { accept: MANIFESTS, ...(authorization ? { authorization } : {}) },
    signal: AbortSignal.timeout(60_000),
  });
  if (response.status === 401 && !authorization) {
    const token = await anonymousToken(response.headers.get('www-authenticate') ?? '');
    response = await fetch(url, {
      method: 'HEAD',
      headers: { accept: MANIFESTS, authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(60_000),
    });
  }
  const digest = response.headers.get('docker-content-digest');
  if (!response.ok || !digest) throw new Error(`${url}: ${response.status}, digest ${digest ?? 'missing'}`);
  return digest;
}

async function anonymousToken(challenge: string): Promise<string> {
  const part = (key: string) => new RegExp(`${key}="([^"]+)"`).exec(challenge)?.[1];
  const realm = part('realm');
  if (!realm) throw new Error(`the registry asks for "${challenge}"`);
  const query = new URLSearchParams({ service: part('service') ?? '', scope: part('scope') ?? '' });
  const answer = (await (await fetch(`${realm}?${query}`, { signal: AbortSignal.timeout(60_000) })).json()) as {
    token?: string;
    access_token?: string;
  };
  return answer.token ?? answer.access_token ?? '';
}

/** The component that gives every image with a known digest that digest. */
export function component(images: readonly LockedImage[]): string {
  const known = images
    .filter(({ digest }) => digest)
    .map(({ name, tag, digest }) => `  - { name: ${name}, newTag: ${tag}, digest: "${digest}" }\n`);
  return `# Written by \`node images/lock.ts\` from images.lock.json: every image with a known digest is run by it.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
configurations: [fields.yaml]
images:${known.length > 0 ? `\n${known.join('')}` : ' []\n'}`;
}

if (import.meta.main) {
  const file = new URL('images.lock.json', import.meta.url);
  const { images } = JSON.parse(await readFile(file, 'utf8')) as { images: LockedImage[] };
  const wanted = process.argv.slice(2);
  const failures: string[] = [];
  const updated: LockedImage[] = [];
  for (const image of images) {
    if (image.ours || (wanted.length > 0 && !wanted.includes(image.name))) updated.push(image);
    else {
      const digest = await digestOf(image).catch((error: unknown) => {
        failures.push((error as Error).message);
        return image.digest;
      });
      updated.push({ ...image, digest });
    }
  }
  const lines = updated.map((image) => `    ${JSON.stringify(image, null, 1).replace(/\n\s*/g, ' ')}`);
  await writeFile(file, `{\n  "images": [\n${lines.join(',\n')}\n  ]\n}\n`);
  await writeFile(new URL('kustomization.yaml', import.meta.url), component(updated));
  for (const failure of failures) console.error(failure);
  process.exit(failures.length > 0 ? 1 : 0);
}
