/**
 * What the manifests expect of Terraform, read off the manifests: `node contract.ts ENVIRONMENT` prints it. A test holds
 * both sides together.
 */
import { type Environment, environments, type Manifest, renderEnvironment } from './manifests.ts';

export interface Contract {
  readonly buckets: readonly string[];
  /** Names in Secrets Manager. */
  readonly secrets: readonly string[];
  /** namespace/name of the service accounts that EKS Pod Identity gives a role. */
  readonly podIdentities: readonly string[];
  /** Groups that access entries give to people's roles. */
  readonly groups: readonly string[];
  /** ARNs of aliases of keys, account and region included. */
  readonly keyAliases: readonly string[];
  /** Names of the images that are built here, by the registry that they come from. */
  readonly images: readonly string[];
  readonly clusterName: string;
  readonly nodeRole: string;
}

/** Accounts of charts and operators that call AWS. */
const chartIdentities = [
  'cert-manager/cert-manager',
  'external-secrets/external-secrets',
  'kube-system/aws-load-balancer-controller',
  'kube-system/karpenter',
  'velero/velero',
];

/** Accounts of ours that call AWS; their network policies open the Pod Identity agent to them. */
const ownIdentities = [
  'mlops/platform-api',
  'mlflow/mlflow',
  'feast/feast-features',
  'feast/feast-materialise',
  'flink/flink',
  'monitoring/loki',
  'team-data-science/workload',
];

const all = (text: string, pattern: RegExp) =>
  [...new Set([...text.matchAll(pattern)].map(([, found]) => found ?? ''))].sort();

/** The contract of one environment. */
export async function contract(environment: Environment): Promise<Contract> {
  const objects = [...(await renderEnvironment(environment)).values()].flat();
  const text = JSON.stringify(objects);
  const accounts = objects
    .filter(({ kind }) => kind === 'ServiceAccount')
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  const unknown = ownIdentities.filter((name) => !accounts.includes(name));
  if (unknown.length > 0) throw new Error(`no service account ${unknown.join(', ')}`);
  const nodes = objects.find(({ kind }) => kind === 'EC2NodeClass') as Manifest;
  return {
    buckets: [...new Set([...all(text, /s3:\/\/([a-z0-9-]+)/g), ...all(text, /"bucket":"([a-z0-9-]+)"/g)])].sort(),
    secrets: objects
      .filter(({ kind }) => kind === 'ExternalSecret')
      .flatMap(remoteKeys)
      .filter((key, index, keys) => keys.indexOf(key) === index)
      .sort(),
    podIdentities: [...ownIdentities, ...chartIdentities].sort(),
    groups: objects
      .filter(({ kind }) => kind === 'RoleBinding' || kind === 'ClusterRoleBinding')
      .flatMap(({ subjects }) => subjects as { kind: string; name: string }[])
      .filter(({ kind }) => kind === 'Group')
      .map(({ name }) => name)
      .filter((name, index, names) => names.indexOf(name) === index)
      .sort(),
    keyAliases: all(text, /(arn:aws:kms:[a-z0-9-]+:\d{12}:alias\/[a-z0-9-]+)/g),
    images: all(text, /"(\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com\/[a-z0-9/-]+)[:@]/g),
    clusterName: nodes.spec.subnetSelectorTerms[0].tags['karpenter.sh/discovery'],
    nodeRole: nodes.spec.role,
  };
}

const remoteKeys = ({ spec }: Manifest): string[] => [
  ...((spec.data ?? []) as { remoteRef: { key: string } }[]).map(({ remoteRef }) => remoteRef.key),
  ...((spec.dataFrom ?? []) as { extract: { key: string } }[]).map(({ extract }) => extract.key),
];

if (import.meta.main) {
  const environment = environments.find((name) => name === process.argv[2]);
  if (!environment) {
    console.error(`usage: node contract.ts ${environments.join('|')}`);
    process.exit(2);
  }
  console.log(JSON.stringify(await contract(environment), null, 2));
}
