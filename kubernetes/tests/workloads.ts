import type { Manifest } from '../manifests.ts';
import type { Workload } from './connectivity.ts';

/** Pods that operators and charts make, by the labels that their projects document. */
export const operated: readonly Workload[] = [
  { name: 'prometheus', namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } },
  { name: 'alertmanager', namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'alertmanager' } },
  {
    name: 'prometheus-operator',
    namespace: 'monitoring',
    labels: { 'app.kubernetes.io/name': 'kube-prometheus-stack-prometheus-operator' },
  },
  { name: 'kube-state-metrics', namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'kube-state-metrics' } },
  { name: 'feast', namespace: 'feast', labels: { 'feast.dev/name': 'features' } },
  {
    name: 'flink',
    namespace: 'flink',
    labels: { type: 'flink-native-kubernetes', app: 'airport-activity', component: 'jobmanager' },
  },
  {
    name: 'model',
    namespace: 'team-data-science',
    labels: { 'serving.kserve.io/inferenceservice': 'flight-delays', component: 'predictor' },
  },
  { name: 'job', namespace: 'team-data-science', labels: { 'mlops.dev/platform-client': 'true' } },
  { name: 'clinical-model', namespace: 'team-clinical', labels: { 'serving.kserve.io/inferenceservice': 'triage' } },
  { name: 'clinical-job', namespace: 'team-clinical', labels: { 'mlops.dev/platform-client': 'true' } },
  { name: 'nginx-ingress', namespace: 'ingress', labels: { 'app.kubernetes.io/name': 'nginx-ingress' } },
  { name: 'edge-gateway', namespace: 'ingress', labels: { 'gateway.networking.k8s.io/gateway-name': 'mlops' } },
  {
    name: 'kserve-gateway',
    namespace: 'kserve',
    labels: { 'gateway.networking.k8s.io/gateway-name': 'kserve-ingress-gateway' },
  },
  { name: 'kserve-controller', namespace: 'kserve', labels: { 'app.kubernetes.io/name': 'kserve-controller-manager' } },
  { name: 'gateway-controller', namespace: 'operators', labels: { 'app.kubernetes.io/name': 'nginx-gateway-fabric' } },
  { name: 'flink-operator', namespace: 'operators', labels: { 'app.kubernetes.io/name': 'flink-kubernetes-operator' } },
  {
    name: 'feast-operator',
    namespace: 'feast-operator-system',
    labels: { 'app.kubernetes.io/name': 'feast-operator' },
  },
  { name: 'reloader', namespace: 'operators', labels: { app: 'reloader' } },
  { name: 'velero', namespace: 'velero', labels: { 'app.kubernetes.io/name': 'velero' } },
  { name: 'keda', namespace: 'keda', labels: { app: 'keda-operator' } },
  { name: 'keda-metrics', namespace: 'keda', labels: { app: 'keda-operator-metrics-apiserver' } },
  { name: 'cert-manager', namespace: 'cert-manager', labels: { 'app.kubernetes.io/name': 'cert-manager' } },
  { name: 'external-secrets', namespace: 'external-secrets', labels: { 'app.kubernetes.io/name': 'external-secrets' } },
  { name: 'dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
];

/** The pod template of a manifest that has one of its own. */
export function podTemplate({ kind, spec }: Manifest): Manifest | undefined {
  if (['Deployment', 'StatefulSet', 'DaemonSet', 'Job'].includes(kind)) return spec.template as Manifest;
  if (kind === 'CronJob') return spec.jobTemplate.spec.template as Manifest;
  if (kind === 'FlinkDeployment') return spec.podTemplate as Manifest;
  return undefined;
}

/** The pods of manifests, as the network sees them. */
export function workloads(objects: readonly Manifest[]): Workload[] {
  return objects.flatMap((object) => {
    const template = object.kind === 'FlinkDeployment' ? undefined : podTemplate(object);
    if (!template) return [];
    const { name, namespace = 'default' } = object.metadata;
    return [{ name: name.replace(/-v\d.*$/, ''), namespace, labels: template.metadata.labels ?? {} }];
  });
}

/** Whether labels have all that a selector asks. */
export const includes = (labels: Readonly<Record<string, string>> | undefined, wanted: object) =>
  Object.entries(wanted).every(([key, value]) => labels?.[key] === value);
