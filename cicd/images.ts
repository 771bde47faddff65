/**
 * Builds the images of this repository and pushes them to an environment's registry: `node cicd/images.ts VERSION ENVIRONMENT`. Each is
 * built with its list of parts and its provenance, scanned by the registry, and signed by its digest once the scan has found nothing
 * that is high or critical. Needs docker with buildx, cosign and the AWS command line. A version that is there already is left
 * alone: tags are immutable.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { run } from '@mlops/child-process';
import lock from '../kubernetes/images/images.lock.json' with { type: 'json' };
import { settingsOf } from '../kubernetes/settings.ts';
import { environmentOf, Misused, main } from './command-line.ts';

const USAGE = 'usage: node cicd/images.ts VERSION ENVIRONMENT';
const BUILD_MS = 3_600_000;
const SCAN_SECONDS = 600;
const repository = fileURLToPath(new URL('..', import.meta.url));

/** How each image is built, by the last part of its name: its Dockerfile, and the folder that it sees. */
const builds: Readonly<Record<string, { readonly file: string; readonly folder: string }>> = {
  'platform-api': { file: 'Dockerfile', folder: '.' },
  inference: { file: 'engines/inference/Dockerfile', folder: '.' },
  flink: { file: 'kubernetes/flink/image/Dockerfile', folder: 'kubernetes/flink/image' },
};

/** A program's output. @throws with its own words. */
async function call(program: string, args: readonly string[], input?: string): Promise<string> {
  const options = { cwd: repository, timeout: BUILD_MS, ...(input === undefined ? {} : { input }) };
  const { code, stdout, stderr } = await run(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.slice(0, 2).join(' ')}: ${stderr.trim().slice(-4000)}`);
  return stdout;
}

interface Registry {
  readonly host: string;
  readonly ecr: (...args: string[]) => Promise<unknown>;
}

interface Scan {
  readonly imageScanStatus?: { readonly status?: string; readonly description?: string };
  readonly imageScanFindings?: { readonly findingSeverityCounts?: Readonly<Record<string, number>> };
}

/**
 * The digest of what runs on the nodes: with its parts and provenance an image is a list of manifests, of which the registry scans
 * this one (https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-basic.html).
 */
async function runnable(reference: string, digest: string): Promise<string> {
  const text = await call('docker', ['buildx', 'imagetools', 'inspect', '--raw', `${reference}@${digest}`]);
  const { manifests = [] } = JSON.parse(text) as {
    manifests?: readonly { digest: string; platform?: { os: string; architecture: string } }[];
  };
  const own = manifests.find(({ platform }) => platform?.os === 'linux' && platform.architecture === 'amd64');
  return own?.digest ?? digest;
}

/** Waits for what the registry finds in an image. @throws where that is high or critical, or does not come. */
async function scanned({ ecr }: Registry, name: string, digest: string): Promise<void> {
  const end = Date.now() + SCAN_SECONDS * 1000;
  for (;;) {
    const found = (await ecr(
      'describe-image-scan-findings',
      `--repository-name=${name}`,
      `--image-id=imageDigest=${digest}`,
    ).catch((error: Error) => {
      // the scan has not begun yet
      if (error.message.includes('ScanNotFoundException')) return {};
      throw error;
    })) as Scan;
    const status = found.imageScanStatus?.status;
    if (status === 'FAILED')
      throw new Error(`${name}: it cannot be scanned: ${found.imageScanStatus?.description ?? ''}`);
    if (status === 'COMPLETE' || status === 'ACTIVE') {
      const { CRITICAL = 0, HIGH = 0 } = found.imageScanFindings?.findingSeverityCounts ?? {};
      if (CRITICAL + HIGH > 0)
        throw new Error(`${name}@${digest}: ${CRITICAL} critical and ${HIGH} high findings: it is not signed`);
      return;
    }
    if (Date.now() > end) throw new Error(`${name}: its scan was not complete within ${SCAN_SECONDS} s`);
    await sleep(5000);
  }
}

/** Builds and pushes one image. @returns its digest */
async function publish(registry: Registry, name: string, version: string, revision: string): Promise<string> {
  const { host, ecr } = registry;
  const known = (await ecr('describe-images', `--repository-name=${name}`, `--image-ids=imageTag=${version}`).catch(
    (error: Error) => {
      if (error.message.includes('ImageNotFoundException')) return undefined;
      throw error;
    },
  )) as { imageDetails: { imageDigest: string }[] } | undefined;
  const there = known?.imageDetails[0]?.imageDigest;
  if (there) return there;
  const build = builds[name.slice(name.lastIndexOf('/') + 1)];
  if (!build) throw new Error(`nothing says how ${name} is built`);
  const folder = await mkdtemp(join(tmpdir(), 'mlops-image-'));
  try {
    const metadata = join(folder, 'metadata.json');
    await call('docker', [
      'buildx',
      'build',
      `--file=${build.file}`,
      `--build-arg=VERSION=${version}`,
      `--build-arg=REVISION=${revision}`,
      '--platform=linux/amd64',
      '--sbom=true',
      '--provenance=mode=max',
      `--tag=${host}/${name}:${version}`,
      `--metadata-file=${metadata}`,
      '--push',
      build.folder,
    ]);
    const { 'containerimage.digest': digest } = JSON.parse(await readFile(metadata, 'utf8')) as Record<string, string>;
    if (!/^sha256:[0-9a-f]{64}$/.test(digest ?? '')) throw new Error(`docker does not say the digest of ${name}`);
    return digest ?? '';
  } finally {
    await rm(folder, { recursive: true });
  }
}

await main(USAGE, async () => {
  const [version = '', name, ...more] = process.argv.slice(2);
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version) || more.length > 0)
    throw new Misused(`"${version}" is no version such as 0.2.0`);
  const { account_id: account, region } = await settingsOf(environmentOf(name));
  const registry: Registry = {
    host: `${account}.dkr.ecr.${region}.amazonaws.com`,
    ecr: async (...args) =>
      JSON.parse((await call('aws', ['ecr', ...args, `--region=${region}`, '--output=json'])) || '{}') as unknown,
  };
  const password = await call('aws', ['ecr', 'get-login-password', `--region=${region}`]);
  await call('docker', ['login', '--username=AWS', '--password-stdin', registry.host], password.trim());
  const revision = (await call('git', ['rev-parse', 'HEAD'])).trim();
  for (const { name: image } of lock.images.filter(({ ours = false }) => ours)) {
    const own = image.replace('localhost/', '');
    const digest = await publish(registry, own, version, revision);
    await scanned(registry, own, await runnable(`${registry.host}/${own}`, digest));
    await call('cosign', ['sign', '--yes', `${registry.host}/${own}@${digest}`]);
    console.log(`${registry.host}/${own}:${version}@${digest}`);
  }
  return 0;
});
