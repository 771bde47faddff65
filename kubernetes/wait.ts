import { run } from '@mlops/child-process';
import type { Manifest } from './manifests.ts';

export interface WaitOptions {
  readonly log: (line: string) => void;
  /** How long one object may take, in seconds. */
  readonly seconds: number;
  /** kubectl's environment. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Waits until namespaces are there, workloads run, jobs are done, and secrets and certificates have come.
 * @throws naming the object that is not ready in time, with what it, its pods and the events of its namespace say.
 */
export async function waitFor(objects: readonly Manifest[], options: WaitOptions): Promise<void> {
  const { log, seconds, env = process.env } = options;
  for (const object of objects) {
    const args = waitArguments(object, seconds);
    if (!args) continue;
    const { code, stderr } = await run('kubectl', args, { timeout: (seconds + 60) * 1000, env });
    const name = `${object.kind} ${place(object)}`;
    if (code !== 0) throw new Error(`${name} did not become ready:\n${stderr.trim()}\n${await reasons(object, env)}`);
    log(`${name} is ready`);
  }
}

const place = ({ metadata: { namespace, name } }: Manifest) => (namespace ? `${namespace}/${name}` : name);

/** What kubectl calls the kinds that are waited for, and the condition that is waited for. */
const waited: Readonly<Record<string, readonly [type: string, condition: string]>> = {
  Namespace: ['namespace', 'jsonpath={.status.phase}=Active'],
  Deployment: ['deployment', 'rollout'],
  StatefulSet: ['statefulset', 'rollout'],
  DaemonSet: ['daemonset', 'rollout'],
  Job: ['job', 'condition=Complete'],
  ExternalSecret: ['externalsecret.external-secrets.io', 'condition=Ready'],
  Certificate: ['certificate.cert-manager.io', 'condition=Ready'],
  FeatureStore: ['featurestore.feast.dev', 'condition=FeatureStore'],
  FlinkDeployment: ['flinkdeployment.flink.apache.org', 'jsonpath={.status.lifecycleState}=STABLE'],
  Prometheus: ['prometheus.monitoring.coreos.com', 'condition=Available'],
  Alertmanager: ['alertmanager.monitoring.coreos.com', 'condition=Available'],
};

function waitArguments({ kind, metadata: { name, namespace } }: Manifest, seconds: number): string[] | undefined {
  const [type, condition] = waited[kind] ?? [];
  if (!type) return undefined;
  const flags = [...(namespace ? [`--namespace=${namespace}`] : []), `--timeout=${seconds}s`];
  return condition === 'rollout'
    ? ['rollout', 'status', `${type}/${name}`, ...flags]
    : ['wait', `--for=${condition}`, `${type}/${name}`, ...flags];
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

interface ContainerState {
  readonly reason?: string;
  readonly message?: string;
  readonly exitCode?: number;
}

/** What a person would look at next: the object's conditions, its namespace's pods that are not ready, the last warnings. */
async function reasons(object: Manifest, env: NodeJS.ProcessEnv): Promise<string> {
  const { kind, metadata } = object;
  const inside = metadata.namespace ? [`--namespace=${metadata.namespace}`] : [];
  const ask = async (...args: string[]): Promise<Manifest[]> => {
    const { code, stdout } = await run('kubectl', ['get', ...args, ...inside, '-o', 'json'], { timeout: 60_000, env });
    if (code !== 0) return [];
    const answer = JSON.parse(stdout) as Manifest;
    return (answer['items'] as Manifest[] | undefined) ?? [answer];
  };
  const [live] = await ask(waited[kind]?.[0] ?? kind, metadata.name);
  const pods = metadata.namespace ? await ask('pods') : [];
  const events = metadata.namespace
    ? await ask('events', '--field-selector=type=Warning', '--sort-by=.metadata.creationTimestamp')
    : [];
  return [
    ...conditions(live).map((line) => `  ${line}`),
    ...pods.filter((pod) => !isReady(pod)).map((pod) => `  pod ${pod.metadata.name}: ${podState(pod)}`),
    ...events.slice(-10).map((event) => `  ${event['involvedObject'].name}: ${event['reason']}: ${event['message']}`),
  ].join('\n');
}

const conditions = (object: Manifest | undefined): string[] =>
  ((object?.['status']?.conditions ?? []) as Condition[]).map(
    ({ type, status, reason = '', message = '' }) => `${type}=${status} ${reason}: ${message}`,
  );

const isReady = ({ status }: Manifest) =>
  status.phase === 'Succeeded' ||
  ((status.conditions ?? []) as Condition[]).some(({ type, status: state }) => type === 'Ready' && state === 'True');

function podState({ status }: Manifest): string {
  const states = ((status.containerStatuses ?? []) as { name: string; state: Record<string, ContainerState> }[]).map(
    ({ name, state }) => {
      const { reason = '', message = '', exitCode } = state['waiting'] ?? state['terminated'] ?? {};
      return `${name} ${reason}${exitCode === undefined ? '' : ` (exit code ${exitCode})`} ${message}`.trim();
    },
  );
  const scheduling = ((status.conditions ?? []) as Condition[]).find(
    ({ type, status: state }) => type === 'PodScheduled' && state === 'False',
  );
  return [status.phase, scheduling?.message, ...states].filter(Boolean).join('; ');
}
