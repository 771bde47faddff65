/** What every pod keeps: Pod Security's level restricted, and what an operator of the cluster asks beyond it. */
export type Rule =
  | 'non-root'
  | 'seccomp'
  | 'no privilege'
  | 'capabilities'
  | 'read-only root'
  | 'host namespaces'
  | 'requests and limits'
  | 'probes'
  | 'zones'
  | 'disruption budget'
  | 'priority'
  | 'owner';

/** A pod as a manifest says it, whatever kind says it. */
export interface Pod {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  // oxlint-disable-next-line typescript/no-explicit-any -- a pod's spec, or that of an operator's kind which has its fields
  readonly spec: Readonly<Record<string, any>>;
  readonly containers: readonly Readonly<Record<string, any>>[];
}

/** The rules that a pod breaks. */
export function brokenRules({ spec, labels, containers }: Pod, budget: boolean): Rule[] {
  const all = [...containers, ...((spec['initContainers'] ?? []) as Pod['containers'])];
  const every = (question: (container: Pod['containers'][number]) => boolean) => all.every(question);
  const zones = (spec['topologySpreadConstraints'] ?? []) as { topologyKey: string }[];
  const { securityContext = {} } = spec;
  const kept: Record<Rule, boolean> = {
    'non-root':
      securityContext.runAsNonRoot === true &&
      securityContext.runAsUser !== 0 &&
      every((one) => one['securityContext']?.runAsUser !== 0 && one['securityContext']?.runAsNonRoot !== false),
    seccomp: securityContext.seccompProfile?.type === 'RuntimeDefault',
    'no privilege': every(
      (one) =>
        one['securityContext']?.allowPrivilegeEscalation === false &&
        (one['securityContext'].privileged ?? false) === false,
    ),
    capabilities: every(
      (one) => one['securityContext']?.capabilities?.drop?.join() === 'ALL' && !one['securityContext'].capabilities.add,
    ),
    'read-only root': every((one) => one['securityContext']?.readOnlyRootFilesystem === true),
    'host namespaces': ['hostNetwork', 'hostPID', 'hostIPC'].every((key) => (spec[key] ?? false) === false),
    'requests and limits': every(({ resources: { requests = {}, limits = {} } = {} }) =>
      Boolean(requests.cpu && requests.memory && limits.cpu && limits.memory),
    ),
    // an init container is over before anything is asked
    probes: containers.every((one) => ['startupProbe', 'readinessProbe', 'livenessProbe'].every((probe) => one[probe])),
    zones: zones.some(({ topologyKey }) => topologyKey === 'topology.kubernetes.io/zone'),
    'disruption budget': budget,
    priority: typeof spec['priorityClassName'] === 'string',
    owner: labels['team'] === 'platform' && labels['cost-center'] === 'platform',
  };
  return (Object.keys(kept) as Rule[]).filter((rule) => !kept[rule]);
}
