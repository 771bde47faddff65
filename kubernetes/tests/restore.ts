import type { Manifest } from '../manifests.ts';
import type { ControlPlane } from './control-plane.ts';

/** What the restore drill asks of Velero: the arguments of its container. */
export interface Drill {
  readonly from: string;
  readonly to: string;
  /** Resources, as kubectl names them, that are neither in the backup nor restored from it. */
  readonly excluded: ReadonlySet<string>;
}

export function drillOf(cronJob: Manifest, schedule: Manifest): Drill {
  const { args } = cronJob.spec.jobTemplate.spec.template.spec.containers[0] as { args: string[] };
  const flag = (name: string) => args.find((one) => one.startsWith(`--${name}=`))?.slice(name.length + 3) ?? '';
  const [from = '', to = ''] = flag('namespace-mappings').split(':');
  if (flag('from-schedule') !== schedule.metadata.name || flag('include-namespaces') !== from)
    throw new Error(`the drill does not restore ${from} from ${schedule.metadata.name}`);
  const excluded = [...flag('exclude-resources').split(','), ...schedule.spec.template.excludedResources];
  return { from, to, excluded: new Set(excluded) };
}

/** What only a cluster can lose of a team: all else stands in files or with AWS. */
export const onlyHere = (namespace: string): Manifest[] => [
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'work', namespace, labels: { team: 'data-science', 'cost-center': 'engineering' } },
    spec: { storageClassName: 'gp3', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'notes', namespace }, data: { of: 'a team' } },
];

/** What Velero never restores: https://velero.io/docs/main/restore-reference/ */
const NEVER = new Set(['events', 'events.events.k8s.io', 'endpoints', 'endpointslices.discovery.k8s.io']);

/**
 * The objects that the drill would make, as Velero would: those of the namespace, without what the cluster has written into them,
 * in the other namespace; subjects of bindings follow.
 */
export async function restored(cluster: ControlPlane, { from, to, excluded }: Drill): Promise<Manifest[]> {
  const listing = ['api-resources', '--namespaced', '--verbs=list,create', '--output=name'];
  const kinds = (await cluster.get(listing)).trim().split('\n');
  const wanted = kinds.filter((kind) => !excluded.has(kind) && !NEVER.has(kind));
  const { items } = JSON.parse(
    await cluster.get(['get', wanted.join(','), `--namespace=${from}`, '--output=json']),
  ) as { items: Manifest[] };
  const space = JSON.parse(await cluster.get(['get', 'namespace', from, '--output=json'])) as Manifest;
  const owned = ({ metadata }: Manifest) => 'ownerReferences' in metadata;
  // the controller manager makes these two in every namespace
  const given = ({ kind, metadata: { name } }: Manifest) =>
    (kind === 'ConfigMap' && name === 'kube-root-ca.crt') || (kind === 'ServiceAccount' && name === 'default');
  return [space, ...items.filter((one) => !owned(one) && !given(one))].map((object) => {
    const { name, labels = {}, annotations = {} } = object.metadata;
    const { 'kubernetes.io/metadata.name': _name, ...ownLabels } = labels;
    const metadata =
      object.kind === 'Namespace'
        ? { name: to, labels: ownLabels, annotations }
        : { name, namespace: to, labels: ownLabels, annotations };
    const { status: _status, ...rest } = object;
    const subjects = (object['subjects'] as { namespace?: string }[] | undefined)?.map((subject) =>
      subject.namespace === from ? { ...subject, namespace: to } : subject,
    );
    return { ...rest, metadata, ...(subjects ? { subjects } : {}) };
  });
}
