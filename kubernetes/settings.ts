/**
 * What differs between environments beside sizes: read off Terraform's settings, so that an account, a region or a domain is
 * written once. `node settings.ts` writes overlays/ENVIRONMENT/settings.yaml, from where kustomize's replacements
 * (overlays/settings) take it to the objects; the charts get theirs from `chartValues`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { type Environment, environments, root, writeManifests } from './manifests.ts';

/** The settings of terraform.tfvars that the cluster needs. */
const names = [
  'environment',
  'name',
  'account_id',
  'region',
  'secondary_region',
  'domain',
  'Project',
  'CostCenter',
] as const;
export type Settings = Readonly<Record<(typeof names)[number], string>>;

/** @throws where the file lacks one of the settings. */
export async function settingsOf(environment: Environment): Promise<Settings> {
  const text = await readFile(`${root}../terraform/environments/${environment}/terraform.tfvars`, 'utf8');
  const entries = names.map((name) => {
    const value = new RegExp(`^\\s*${name}\\s*=\\s*"([^"]+)"`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`${environment}/terraform.tfvars has no ${name}`);
    return [name, value] as const;
  });
  return Object.fromEntries(entries) as Settings;
}

/** The environment's values by the keys that overlays/settings/kustomization.yaml asks for. */
function values({ environment, name, account_id: account, region, domain, ...more }: Settings): Record<string, string> {
  const bucket = (kind: string) => `${name}-${kind}-${account}`;
  return {
    environment,
    cluster: name,
    account,
    region,
    'secondary-region': more.secondary_region,
    project: more.Project,
    'cost-center': more.CostCenter,
    registry: `${account}.dkr.ecr.${region}.amazonaws.com`,
    'node-role': `${name}-karpenter-node`,
    'key-hipaa': `alias/${name}-hipaa`,
    'key-pci': `alias/${name}-pci`,
    'bucket-artifacts': bucket('artifacts'),
    'bucket-data': bucket('data'),
    'bucket-logs': bucket('logs'),
    'bucket-backups': bucket('backups'),
    'bucket-backups-replica': bucket('backups-replica'),
    domain,
    'domain-wildcard': `*.${domain}`,
    'host-mlflow': `mlflow.${domain}`,
    'host-features': `features.${domain}`,
    'host-inference': `inference.${domain}`,
    'host-grafana': `grafana.${domain}`,
    'domain-models': `models.${domain}`,
    'domain-models-wildcard': `*.models.${domain}`,
  };
}

/** The text of overlays/ENVIRONMENT/settings.yaml. */
export async function settingsFile(environment: Environment): Promise<string> {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    // kustomize reads it and leaves it out
    metadata: { name: 'environment', annotations: { 'config.kubernetes.io/local-config': 'true' } },
    data: values(await settingsOf(environment)),
  };
  return `# Written by \`node kubernetes/settings.ts\` from terraform/environments/${environment}/terraform.tfvars.\n${writeManifests([object])}`;
}

/** What of the settings a chart needs, as Helm's `--set-string` takes it. */
export async function chartValues(chart: string, environment: Environment): Promise<Record<string, string>> {
  const { name, region, domain } = await settingsOf(environment);
  switch (chart) {
    case 'aws-load-balancer-controller':
      // Nodes answer pods no questions about themselves (one hop), so the VPC is found by its name.
      return { clusterName: name, region, 'vpcTags.Name': name };
    case 'karpenter':
      return { 'settings.clusterName': name, 'settings.interruptionQueue': `${name}-karpenter` };
    case 'kserve':
      return { 'kserve.controller.gateway.domain': `models.${domain}` };
    default:
      return {};
  }
}

if (import.meta.main) {
  for (const environment of environments)
    await writeFile(`${root}overlays/${environment}/settings.yaml`, await settingsFile(environment));
}
