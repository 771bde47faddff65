import type { Manifest } from '../manifests.ts';

/** Who may do what, written by hand: each question is put to every subject, and the answer is no where it is not yes. */
export interface Subject {
  readonly user: string;
  readonly groups: readonly string[];
}

export const subjects = {
  viewer: { user: 'vera', groups: ['team-data-science:viewers'] },
  member: { user: 'max', groups: ['team-data-science:members'] },
  admin: { user: 'ada', groups: ['team-data-science:admins'] },
  operator: { user: 'olga', groups: ['mlops:platform-operators'] },
  auditor: { user: 'aldo', groups: ['mlops:auditors'] },
  stranger: { user: 'sam', groups: ['system:authenticated'] },
  platform: { user: 'system:serviceaccount:mlops:platform-api', groups: ['system:serviceaccounts'] },
  workload: { user: 'system:serviceaccount:team-data-science:workload', groups: ['system:serviceaccounts'] },
  flink: { user: 'system:serviceaccount:flink:flink', groups: ['system:serviceaccounts'] },
  drill: { user: 'system:serviceaccount:velero:restore-drill', groups: ['system:serviceaccounts'] },
  prometheus: { user: 'system:serviceaccount:monitoring:prometheus', groups: ['system:serviceaccounts'] },
  alloy: { user: 'system:serviceaccount:monitoring:alloy', groups: ['system:serviceaccounts'] },
} satisfies Record<string, Subject>;

export type SubjectName = keyof typeof subjects;

const team = 'team-data-science';
const models = 'inferenceservices.serving.kserve.io';
const read = 'get list watch';
const write = 'create update patch delete';

/** resources, verbs, namespace ('' for the whole cluster), and the subjects to whom the answer is yes. */
const rows: readonly (readonly [string, string, string, readonly SubjectName[]])[] = [
  // a team's namespace: who looks
  ['pods', read, team, ['viewer', 'member', 'admin', 'auditor', 'prometheus', 'alloy']],
  ['pods/log', read, team, ['viewer', 'member', 'admin', 'alloy']],
  ['services', read, team, ['viewer', 'member', 'admin', 'auditor', 'prometheus']],
  ['events resourcequotas', read, team, ['viewer', 'member', 'admin', 'auditor']],
  ['persistentvolumeclaims serviceaccounts limitranges', read, team, ['viewer', 'member', 'admin', 'auditor']],
  ['configmaps', read, team, ['viewer', 'member', 'admin']],
  ['deployments.apps', read, team, ['viewer', 'member', 'admin', 'auditor']],
  [
    'statefulsets.apps replicasets.apps jobs.batch cronjobs.batch',
    read,
    team,
    ['viewer', 'member', 'admin', 'auditor'],
  ],
  ['horizontalpodautoscalers.autoscaling', read, team, ['viewer', 'member', 'admin', 'auditor']],
  [
    'poddisruptionbudgets.policy networkpolicies.networking.k8s.io',
    read,
    team,
    ['viewer', 'member', 'admin', 'auditor'],
  ],
  [`${models} servingruntimes.serving.kserve.io`, read, team, ['viewer', 'member', 'admin', 'auditor']],
  ['inferencegraphs.serving.kserve.io', read, team, ['viewer', 'member', 'admin', 'auditor']],
  ['trainedmodels.serving.kserve.io', read, team, ['viewer', 'member', 'admin', 'auditor']],
  ['inferenceservices/status.serving.kserve.io', read, team, ['auditor']],
  [
    'flinkdeployments.flink.apache.org flinksessionjobs.flink.apache.org',
    read,
    team,
    ['viewer', 'member', 'admin', 'auditor'],
  ],
  ['flinkstatesnapshots.flink.apache.org', read, team, ['viewer', 'member', 'admin', 'auditor']],
  ['httproutes.gateway.networking.k8s.io', read, team, ['auditor']],
  ['externalsecrets.external-secrets.io', read, team, ['admin']],
  // who changes
  ['pods services configmaps persistentvolumeclaims', write, team, ['member', 'admin']],
  ['deployments.apps statefulsets.apps jobs.batch cronjobs.batch', write, team, ['member', 'admin']],
  ['horizontalpodautoscalers.autoscaling poddisruptionbudgets.policy', write, team, ['member', 'admin']],
  ['pods/portforward', 'create', team, ['member', 'admin']],
  ['pods/exec', 'create', team, ['admin']],
  [`${models} inferencegraphs.serving.kserve.io`, write, team, ['admin']],
  ['servingruntimes.serving.kserve.io', write, team, ['admin']],
  ['httproutes.gateway.networking.k8s.io', write, team, []],
  ['externalsecrets.external-secrets.io', write, team, ['admin']],
  // nobody
  ['secrets', `${read} ${write}`, team, []],
  ['serviceaccounts/token', 'create', team, []],
  ['serviceaccounts resourcequotas limitranges', write, team, []],
  ['networkpolicies.networking.k8s.io rolebindings.rbac.authorization.k8s.io', write, team, []],
  ['roles.rbac.authorization.k8s.io', `${write} bind escalate`, team, []],
  ['pods/ephemeralcontainers', 'update patch', team, []],
  [models, 'deletecollection', team, []],
  // another team is another world
  ['pods', read, 'team-clinical', ['auditor', 'prometheus', 'alloy']],
  ['pods configmaps jobs.batch', write, 'team-clinical', []],
  ['configmaps secrets', read, 'team-clinical', []],
  [models, 'create', 'team-clinical', []],
  // the platform's own namespaces
  ['pods services configmaps events persistentvolumeclaims serviceaccounts', write, 'mlops', ['operator']],
  ['pods', read, 'mlops', ['operator', 'auditor', 'prometheus', 'alloy']],
  ['services', read, 'mlops', ['operator', 'auditor', 'prometheus']],
  ['events persistentvolumeclaims serviceaccounts', read, 'mlops', ['operator', 'auditor']],
  ['configmaps', read, 'mlops', ['operator']],
  ['pods/log', 'get', 'mlops', ['operator', 'alloy']],
  ['pods/exec pods/portforward', 'create', 'mlops', ['operator']],
  [
    'deployments.apps deployments/scale.apps statefulsets.apps statefulsets/scale.apps',
    read,
    'mlops',
    ['operator', 'auditor'],
  ],
  ['deployments.apps deployments/scale.apps statefulsets.apps statefulsets/scale.apps', write, 'mlops', ['operator']],
  ['daemonsets.apps replicasets.apps jobs.batch cronjobs.batch', read, 'mlops', ['operator', 'auditor']],
  ['daemonsets.apps replicasets.apps jobs.batch cronjobs.batch', write, 'mlops', ['operator']],
  ['horizontalpodautoscalers.autoscaling poddisruptionbudgets.policy', read, 'mlops', ['operator', 'auditor']],
  ['horizontalpodautoscalers.autoscaling poddisruptionbudgets.policy', write, 'mlops', ['operator']],
  ['networkpolicies.networking.k8s.io', read, 'mlops', ['operator', 'auditor']],
  ['servicemonitors.monitoring.coreos.com podmonitors.monitoring.coreos.com', read, 'mlops', ['operator', 'auditor']],
  ['servicemonitors.monitoring.coreos.com podmonitors.monitoring.coreos.com', write, 'mlops', ['operator']],
  ['probes.monitoring.coreos.com prometheusrules.monitoring.coreos.com', read, 'mlops', ['operator', 'auditor']],
  ['probes.monitoring.coreos.com prometheusrules.monitoring.coreos.com', write, 'mlops', ['operator']],
  ['externalsecrets.external-secrets.io', read, 'mlops', ['operator']],
  ['secrets', `${read} ${write}`, 'mlops', []],
  ['networkpolicies.networking.k8s.io externalsecrets.external-secrets.io', write, 'mlops', []],
  [models, write, 'mlops', []],
  ['configmaps', 'update', 'mlflow', ['operator']],
  ['pods configmaps', write, 'flink', ['operator', 'flink']],
  ['pods', read, 'flink', ['operator', 'auditor', 'flink', 'prometheus', 'alloy']],
  ['configmaps', read, 'flink', ['operator', 'flink']],
  ['pods configmaps', 'deletecollection', 'flink', ['flink']],
  ['deployments.apps', read, 'flink', ['operator', 'auditor', 'flink']],
  ['deployments.apps', write, 'flink', ['operator', 'flink']],
  ['deployments/finalizers.apps', write, 'flink', ['flink']],
  ['deployments/finalizers.apps', read, 'flink', ['auditor', 'flink']],
  ['secrets', read, 'flink', []],
  ['restores.velero.io', read, 'velero', ['auditor', 'drill']],
  ['restores.velero.io', 'create', 'velero', ['drill']],
  ['backups.velero.io schedules.velero.io backupstoragelocations.velero.io', read, 'velero', ['auditor', 'drill']],
  ['backups.velero.io schedules.velero.io backupstoragelocations.velero.io', write, 'velero', []],
  ['restores.velero.io', 'update patch delete', 'velero', []],
  // the cluster
  ['nodes', read, '', ['auditor', 'prometheus']],
  ['nodes/metrics endpoints endpointslices.discovery.k8s.io', read, '', ['prometheus']],
  ['pods', read, '', ['auditor', 'prometheus', 'alloy']],
  ['pods/log', read, '', ['alloy']],
  ['services', read, '', ['auditor', 'prometheus']],
  ['events persistentvolumes persistentvolumeclaims resourcequotas limitranges serviceaccounts', read, '', ['auditor']],
  ['namespaces', read, '', ['auditor', 'prometheus', 'alloy']],
  ['clusterservingruntimes.serving.kserve.io', read, '', ['auditor']],
  [
    'deployments.apps cronjobs.batch horizontalpodautoscalers.autoscaling poddisruptionbudgets.policy',
    read,
    '',
    ['auditor'],
  ],
  [
    'networkpolicies.networking.k8s.io storageclasses.storage.k8s.io priorityclasses.scheduling.k8s.io',
    read,
    '',
    ['auditor'],
  ],
  [`${models} flinkdeployments.flink.apache.org featurestores.feast.dev nodepools.karpenter.sh`, read, '', ['auditor']],
  ['backups.velero.io certificates.cert-manager.io prometheuses.monitoring.coreos.com', read, '', ['auditor']],
  ['gateways.gateway.networking.k8s.io virtualservers.k8s.nginx.org', read, '', ['auditor']],
  ['roles.rbac.authorization.k8s.io rolebindings.rbac.authorization.k8s.io', read, '', ['auditor']],
  ['clusterroles.rbac.authorization.k8s.io clusterrolebindings.rbac.authorization.k8s.io', read, '', ['auditor']],
  ['validatingadmissionpolicies.admissionregistration.k8s.io', read, '', ['auditor']],
  ['validatingadmissionpolicybindings.admissionregistration.k8s.io', read, '', ['auditor']],
  ['secrets configmaps', read, '', []],
  ['nodes namespaces persistentvolumes', write, '', []],
  ['clusterroles.rbac.authorization.k8s.io', `${write} bind escalate`, '', []],
  ['clusterrolebindings.rbac.authorization.k8s.io', write, '', []],
  ['users groups serviceaccounts', 'impersonate', '', []],
  ['validatingadmissionpolicies.admissionregistration.k8s.io', write, '', []],
  ['validatingadmissionpolicybindings.admissionregistration.k8s.io', write, '', []],
  ['nodepools.karpenter.sh clusterservingruntimes.serving.kserve.io', write, '', []],
  ['*', '*', '', []],
];

export interface Question {
  readonly subject: SubjectName;
  /** As kubectl writes it: TYPE[/SUBRESOURCE][.GROUP]. */
  readonly resource: string;
  readonly verb: string;
  readonly namespace: string;
  readonly allowed: boolean;
}

/** The table, one question a line, each put to every subject. */
export const questions: readonly Question[] = rows.flatMap(([resources, verbs, namespace, allowed]) =>
  resources.split(' ').flatMap((resource) =>
    verbs.split(' ').flatMap((verb) =>
      (Object.keys(subjects) as SubjectName[]).map((subject) => {
        const yes = allowed.includes(subject);
        return { subject, resource, verb, namespace, allowed: yes };
      }),
    ),
  ),
);

/** A resource's three parts: "deployments/scale.apps" is the subresource scale of deployments in the group apps. */
export function parts(resource: string): { resource: string; subresource: string; group: string } {
  const [, type = '', subresource = '', group = ''] = /^([^./]+)(?:\/([^.]+))?(?:\.(.+))?$/.exec(resource) ?? [];
  return { resource: type, subresource, group };
}

interface Grant {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
}

/** What the manifests grant to a subject, and the table does not say that it may: must be nothing. */
export function unasked(objects: readonly Manifest[], subject: SubjectName): string[] {
  const { user, groups } = subjects[subject];
  const names = [...groups, user.replace('system:serviceaccount:', '')];
  const said = new Set(
    questions
      .filter((one) => one.subject === subject && one.allowed)
      .map(({ resource, verb }) => `${verb} ${resource}`),
  );
  const roles = objects
    .filter(({ kind }) => kind === 'RoleBinding' || kind === 'ClusterRoleBinding')
    .filter((binding) =>
      (binding['subjects'] as { kind: string; name: string; namespace?: string }[]).some((one) =>
        names.includes(one.kind === 'ServiceAccount' ? `${one.namespace}:${one.name}` : one.name),
      ),
    )
    .map(({ roleRef, metadata }) =>
      objects.find(
        (one) =>
          one.kind === roleRef.kind &&
          one.metadata.name === roleRef.name &&
          (one.kind === 'ClusterRole' || one.metadata.namespace === metadata.namespace),
      ),
    );
  const grants = roles.flatMap((role) => (role?.['rules'] ?? []) as Grant[]);
  const missing = grants.flatMap(({ apiGroups = [], resources = [], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs
          .filter((verb) => {
            // of a group granted whole, one resource stands for all
            if (resource === '*')
              return ![...said].some((one) => one.startsWith(`${verb} `) && one.endsWith(`.${group}`));
            return !said.has(`${verb} ${resource}${group ? `.${group}` : ''}`);
          })
          .map((verb) => `${subject} may ${verb} ${resource}${group ? `.${group}` : ''}`),
      ),
    ),
  );
  return [...new Set(missing)];
}
