/** Who may do what, written by hand: subject, verb, resource, namespace, allowed. Everything not allowed here is refused. */
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

/** resource, verb, namespace ('' for the whole cluster), and the subjects to whom the answer is yes. */
export const table: readonly (readonly [string, string, string, readonly SubjectName[]])[] = [
  ['pods', 'list', team, ['viewer', 'member', 'admin', 'auditor', 'platform', 'prometheus', 'alloy']],
  ['pods', 'create', team, ['member', 'admin']],
  ['pods/log', 'get', team, ['viewer', 'member', 'admin', 'platform', 'alloy']],
  ['pods/exec', 'create', team, ['admin']],
  ['pods/portforward', 'create', team, ['member', 'admin']],
  ['jobs.batch', 'create', team, ['member', 'admin']],
  ['deployments.apps', 'delete', team, ['member', 'admin']],
  [models, 'get', team, ['viewer', 'member', 'admin', 'auditor', 'platform']],
  [models, 'create', team, ['admin', 'platform']],
  [models, 'delete', team, ['admin', 'platform']],
  ['httproutes.gateway.networking.k8s.io', 'create', team, ['platform']],
  ['secrets', 'get', team, []],
  ['secrets', 'create', team, []],
  ['serviceaccounts/token', 'create', team, []],
  ['resourcequotas', 'update', team, []],
  ['resourcequotas', 'get', team, ['viewer', 'member', 'admin', 'auditor', 'platform']],
  ['networkpolicies.networking.k8s.io', 'update', team, []],
  ['rolebindings.rbac.authorization.k8s.io', 'create', team, []],
  ['externalsecrets.external-secrets.io', 'create', team, ['admin']],
  // another team is another world
  ['pods', 'list', 'team-clinical', ['auditor', 'platform', 'prometheus', 'alloy']],
  ['pods', 'create', 'team-clinical', []],
  [models, 'create', 'team-clinical', ['platform']],
  // the platform's own namespaces
  ['deployments.apps', 'update', 'mlops', ['operator']],
  ['deployments.apps/scale', 'patch', 'mlops', ['operator']],
  ['pods/exec', 'create', 'mlops', ['operator']],
  ['secrets', 'get', 'mlops', []],
  ['secrets', 'list', 'mlops', []],
  [models, 'create', 'mlops', []],
  ['configmaps', 'update', 'mlflow', ['operator']],
  ['networkpolicies.networking.k8s.io', 'delete', 'mlops', []],
  ['pods', 'create', 'flink', ['operator', 'flink']],
  ['secrets', 'get', 'flink', []],
  ['restores.velero.io', 'create', 'velero', ['drill']],
  ['backups.velero.io', 'delete', 'velero', []],
  // the cluster
  ['nodes', 'list', '', ['auditor', 'prometheus']],
  ['namespaces', 'list', '', ['auditor', 'platform', 'prometheus', 'alloy']],
  ['namespaces', 'create', '', []],
  ['clusterservingruntimes.serving.kserve.io', 'get', '', ['auditor', 'platform']],
  ['clusterrolebindings.rbac.authorization.k8s.io', 'create', '', []],
  ['clusterroles.rbac.authorization.k8s.io', 'escalate', '', []],
  ['clusterroles.rbac.authorization.k8s.io', 'bind', '', []],
  ['users', 'impersonate', '', []],
  ['validatingadmissionpolicies.admissionregistration.k8s.io', 'delete', '', []],
  ['validatingadmissionpolicies.admissionregistration.k8s.io', 'get', '', ['auditor']],
  ['nodepools.karpenter.sh', 'update', '', []],
  ['secrets', 'list', '', []],
];
