import { run } from './command.ts';
import type { Manifest } from './manifests.ts';

const TIMEOUT = '600s';

/**
 * Waits until workloads run, jobs are done and certificates are issued.
 * @throws naming the object, with what its pods and events say.
 */
export async function waitFor(objects: readonly Manifest[], log: (line: string) => void): Promise<void> {
  for (const object of objects) {
    const args = waitArguments(object);
    if (!args) continue;
    const { code, stderr } = await run('kubectl', args, { timeout: 660_000 });
    const name = `${object.kind} ${object.metadata.namespace}/${object.metadata.name}`;
    if (code !== 0) throw new Error(`${name} did not become ready:\n${stderr.trim()}\n${await reasons(object)}`);
    log(`${name} is ready`);
  }
}

function waitArguments({ kind, metadata: { name, namespace = 'default' } }: Manifest): string[] | undefined {
  const place = ['-n', namespace, `--timeout=${TIMEOUT}`];
  switch (kind) {
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
      return ['rollout', 'status', `${kind.toLowerCase()}/${name}`, ...place];
    case 'Job':
      return ['wait', '--for=condition=Complete', `job/${name}`, ...place];
    case 'ExternalSecret':
      return ['wait', '--for=condition=Ready', `externalsecret.external-secrets.io/${name}`, ...place];
    case 'FeatureStore':
      return ['wait', '--for=condition=FeatureStore', `featurestore.feast.dev/${name}`, ...place];
    default:
      return undefined;
  }
}

/** What a person would look at next: pods that do not run, and the last warnings of the namespace. */
async function reasons({ metadata: { namespace = 'default' } }: Manifest): Promise<string> {
  const pods = await run('kubectl', ['get', 'pods', '-n', namespace, '--field-selector=status.phase!=Running']);
  const events = await run('kubectl', [
    'get',
    'events',
    '-n',
    namespace,
    '--field-selector=type=Warning',
    '--sort-by=.lastTimestamp',
    '-o=custom-columns=OBJECT:.involvedObject.name,REASON:.reason,MESSAGE:.message',
  ]);
  return [pods.stdout, ...events.stdout.trim().split('\n').slice(-10)].join('\n');
}
