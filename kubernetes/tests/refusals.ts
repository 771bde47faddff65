/** Objects that a namespace's quota, limits or Pod Security must refuse, each with the words of the refusal. */
export interface Refusal {
  readonly rule: string;
  readonly words: RegExp;
  readonly manifest: object;
}

const safe = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
const safePod = { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } };
const image = 'ghcr.io/mlflow/mlflow:v3.15.1-full';
const small = { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '100m', memory: '64Mi' } };

const pod = (spec: object, container: object = {}, namespace = 'team-data-science') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'refused', namespace },
  spec: {
    securityContext: safePod,
    ...spec,
    containers: [{ name: 'main', image, securityContext: safe, resources: small, ...container }],
  },
});

const claim = (namespace: string, labels: object, spec: object) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'refused', namespace, labels },
  spec: { accessModes: ['ReadWriteOnce'], ...spec },
});

const storage = (size: string) => ({ resources: { requests: { storage: size } } });
const scientists = { team: 'data-science', 'cost-center': 'engineering' };
const clinicians = { team: 'clinical', 'cost-center': 'health' };

export const refusals: readonly Refusal[] = [
  { rule: 'privileged', words: /privileged/, manifest: pod({}, { securityContext: { ...safe, privileged: true } }) },
  {
    rule: 'root',
    words: /runAsNonRoot/,
    manifest: pod({ securityContext: { seccompProfile: { type: 'RuntimeDefault' } } }),
  },
  { rule: 'no seccomp profile', words: /seccompProfile/, manifest: pod({ securityContext: { runAsNonRoot: true } }) },
  {
    rule: 'capabilities kept',
    words: /unrestricted capabilities/,
    manifest: pod({}, { securityContext: { allowPrivilegeEscalation: false } }),
  },
  {
    rule: 'escalation',
    words: /allowPrivilegeEscalation/,
    manifest: pod({}, { securityContext: { capabilities: { drop: ['ALL'] } } }),
  },
  { rule: 'host path', words: /hostPath/, manifest: pod({ volumes: [{ name: 'host', hostPath: { path: '/' } }] }) },
  { rule: 'host network', words: /host namespaces/, manifest: pod({ hostNetwork: true }) },
  {
    rule: 'host network in feast (baseline)',
    words: /host namespaces/,
    manifest: pod({ hostNetwork: true }, {}, 'feast'),
  },
  {
    rule: 'a pod of another kind in feast with an open container (restricted by policy)',
    words: /feast-pods.*only Feast's servers may lack/,
    manifest: pod({}, {}, 'feast'),
  },
  {
    rule: 'a feature server as root',
    words: /feast-pods.*must be non-root/,
    manifest: { ...pod({ securityContext: {} }, {}, 'feast') },
  },
  {
    rule: 'a pod of a PCI team anywhere else than on PCI nodes',
    words: /regulated-nodes.*mlops.dev\/node-pool=pci/,
    manifest: pod({ nodeSelector: { 'mlops.dev/node-pool': 'hipaa' } }, {}, 'team-payments'),
  },
  {
    rule: 'a pod of a HIPAA team that tolerates PCI nodes too',
    words: /reserved-nodes.*only its own value/,
    manifest: pod(
      {
        nodeSelector: { 'mlops.dev/node-pool': 'hipaa' },
        tolerations: ['hipaa', 'pci'].map((value) => ({ key: 'mlops.dev/compliance', value })),
      },
      {},
      'team-clinical',
    ),
  },
  {
    rule: 'a pod that tolerates every taint',
    words: /reserved-nodes.*only its own value/,
    manifest: pod({ tolerations: [{ operator: 'Exists' }] }),
  },
  {
    rule: 'a pod past the scheduler',
    words: /reserved-nodes.*may not name its node/,
    manifest: pod({ nodeName: 'ip-10-0-1-17.ec2.internal' }),
  },
  {
    rule: 'GPU quota',
    words: /exceeded quota: team-quota.*nvidia.com\/gpu/,
    manifest: pod(
      {},
      {
        resources: {
          requests: { ...small.requests, 'nvidia.com/gpu': '5' },
          limits: { ...small.limits, 'nvidia.com/gpu': '5' },
        },
      },
    ),
  },
  {
    rule: 'LimitRange maximum',
    words: /maximum cpu usage per Container is 32/,
    manifest: pod(
      {},
      { resources: { requests: { cpu: '40', memory: '64Mi' }, limits: { cpu: '40', memory: '64Mi' } } },
    ),
  },
  {
    rule: 'storage quota',
    words: /maximum storage usage per PersistentVolumeClaim is 500Gi/,
    manifest: claim('team-data-science', scientists, storage('600Gi')),
  },
  {
    rule: 'regulated teams store on their own class only',
    words: /regulated-volumes.*must be of the class gp3-hipaa/,
    manifest: claim('team-clinical', clinicians, { storageClassName: 'gp3', ...storage('1Gi') }),
  },
  {
    rule: 'node ports',
    words: /exceeded quota: team-quota.*services.nodeports/,
    manifest: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'refused', namespace: 'team-data-science' },
      spec: { type: 'NodePort', ports: [{ port: 80 }] },
    },
  },
  {
    rule: 'unknown field',
    words: /unknown field "spec.replcas"/,
    manifest: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'refused', namespace: 'mlops' },
      spec: { replcas: 3, selector: {}, template: {} },
    },
  },
];
