import { modulePath } from '../configuration.ts';
import type { Plan, PlannedResource } from '../terraform.ts';
import type { Environment } from './plans.ts';

/** How a plan must be spoilt to violate exactly one policy. */
interface Example {
  /** The environment whose plan is spoilt; production by default. */
  readonly environment?: Environment;
  readonly spoil: (plan: Plan) => void;
}

type Values = Record<string, unknown>;
type Loose = { resources?: PlannedResource[]; child_modules?: Loose[] };

function lists(plan: Plan): PlannedResource[][] {
  const of = (module: Loose): PlannedResource[][] => [
    module.resources ?? [],
    ...(module.child_modules ?? []).flatMap(of),
  ];
  return of(plan.planned_values.root_module as Loose);
}

/** Removes the resources of a type: all, or those that a condition names. */
export function remove(plan: Plan, type: string, where: (resource: PlannedResource) => boolean = () => true): void {
  for (const list of lists(plan))
    for (let index = list.length - 1; index >= 0; index -= 1) {
      const resource = list[index] as PlannedResource;
      if (resource.type === type && where(resource)) list.splice(index, 1);
    }
}

/** Changes the values of the first resource of a type that fits. */
function change(
  plan: Plan,
  type: string,
  edit: (values: Values) => void,
  where: (resource: PlannedResource) => boolean = () => true,
): void {
  const found = lists(plan)
    .flat()
    .find((one) => one.type === type && where(one));
  if (!found) throw new Error(`no ${type} to spoil`);
  edit(found.values);
}

const set = (type: string, values: Values, where?: (resource: PlannedResource) => boolean) => (plan: Plan) =>
  change(plan, type, (own) => Object.assign(own, values), where);

/** Takes an argument out of the configuration, as if it had not been written. */
function unset(plan: Plan, type: string, path: string): void {
  const found = lists(plan)
    .flat()
    .find((one) => one.type === type);
  if (!found) throw new Error(`no ${type} to spoil`);
  type Module = {
    resources: { address: string; expressions: Values }[];
    module_calls: Record<string, { module: Module }>;
  };
  let module = (plan.configuration as { root_module: Module }).root_module;
  for (const name of modulePath(found.address)) module = (module.module_calls[name] as { module: Module }).module;
  const names = path.split('.');
  let block: unknown = module.resources.find(({ address }) => address === `${type}.${found.name}`)?.expressions;
  for (const name of names.slice(0, -1)) block = ([block].flat()[0] as Values)[name];
  const holder = [block].flat()[0] as Values;
  if (!(names.at(-1) ?? '' in holder)) throw new Error(`${type} has no ${path}`);
  delete holder[names.at(-1) ?? ''];
}

const add = (type: string, values: Values) => (plan: Plan) => {
  const [first = []] = lists(plan).filter((list) => list.length > 0);
  first.push({ address: `${type}.extra`, mode: 'managed', type, name: 'extra', values });
};

const named = (name: string) => (resource: PlannedResource) =>
  resource.values['name'] === name || String(resource.index) === name;
const pool =
  (name: string) =>
  ({ values }: PlannedResource) =>
    (values['labels'] as Record<string, string>)['mlops.dev/node-pool'] === name;

/** The statements of a document, wherever the plan keeps them. */
function statements(plan: Plan, part: string): Values[] {
  type Known = { resources?: { address: string; values: Values }[]; child_modules?: Known[] };
  const known = (module: Known | undefined): { address: string; values: Values }[] => [
    ...(module?.resources ?? []),
    ...(module?.child_modules ?? []).flatMap(known),
  ];
  const prior = (plan as { prior_state?: { values?: { root_module?: Known } } }).prior_state?.values?.root_module;
  const values =
    plan.resource_changes?.find(({ address }) => address.includes(part))?.change.after ??
    known(prior).find(({ address }) => address.includes(part))?.values;
  if (!values) throw new Error(`no document ${part}`);
  return (values as { statement: Values[] }).statement;
}

/** Takes out of a list what does not fit. */
function remains(list: unknown, fits: (one: string) => boolean): void {
  const all = list as string[];
  all.splice(0, all.length, ...all.filter(fits));
}

/** One failing example of each policy. */
export const examples: Readonly<Record<string, Example>> = {
  // access
  'no-people-in-iam': { spoil: add('aws_iam_access_key', { user: 'ci' }) },
  'cluster-access-entries': {
    spoil: set('aws_eks_cluster', { access_config: [{ authentication_mode: 'API_AND_CONFIG_MAP' }] }),
  },
  'workloads-have-roles': {
    spoil: (plan) =>
      change(
        plan,
        'aws_iam_role',
        (values) => Object.assign(values, { assume_role_policy: '{"Principal":{"Service":"pods.eks.amazonaws.com"}}' }),
        ({ values }) => String(values['assume_role_policy']).includes('pods.eks'),
      ),
  },
  'no-full-administrators': {
    spoil: (plan) =>
      statements(plan, 'module.access.data.aws_iam_policy_document.workload').push({
        effect: 'Allow',
        actions: ['*'],
        resources: ['*'],
        principals: [],
        condition: [],
      }),
  },
  'password-policy': { spoil: set('aws_iam_account_password_policy', { minimum_password_length: 8 }) },
  'instance-metadata': {
    spoil: set('aws_launch_template', {
      metadata_options: [{ http_tokens: 'required', http_put_response_hop_limit: 2 }],
    }),
  },
  'stores-authenticate': { spoil: set('aws_db_instance', { iam_database_authentication_enabled: false }) },
  'passwords-rotate': {
    spoil: set('aws_secretsmanager_secret_rotation', { rotation_rules: [{ automatically_after_days: 365 }] }),
  },
  // audit
  trail: { spoil: set('aws_cloudtrail', { enable_log_file_validation: false }) },
  'trail-of-objects': { spoil: set('aws_cloudtrail', { advanced_event_selector: [] }) },
  'audit-immutable': {
    environment: 'staging',
    spoil: set('aws_s3_bucket_object_lock_configuration', { rule: [] }),
  },
  'audit-seven-years': {
    spoil: set('aws_s3_bucket_object_lock_configuration', {
      rule: [{ default_retention: [{ mode: 'GOVERNANCE', days: 2557 }] }],
    }),
  },
  'configuration-recorded': { spoil: set('aws_config_configuration_recorder_status', { is_enabled: false }) },
  'control-plane-logged': { spoil: set('aws_eks_cluster', { enabled_cluster_log_types: ['api', 'audit'] }) },
  'stores-logged': { spoil: set('aws_db_instance', { enabled_cloudwatch_logs_exports: ['upgrade'] }) },
  'logs-kept': { spoil: set('aws_cloudwatch_log_group', { retention_in_days: 30 }) },
  'threats-detected': { spoil: set('aws_guardduty_detector_feature', { status: 'DISABLED' }, named('EKS_AUDIT_LOGS')) },
  'changes-alarm': { spoil: (plan) => remove(plan, 'aws_cloudwatch_log_metric_filter', named('root-sign-in')) },
  // continuity
  backups: { spoil: set('aws_elasticache_replication_group', { snapshot_retention_limit: 0 }) },
  'versions-kept': { spoil: set('aws_s3_bucket_versioning', { versioning_configuration: [{ status: 'Suspended' }] }) },
  'production-survives-a-zone': { spoil: set('aws_db_instance', { multi_az: false }, ({ name }) => name === 'this') },
  'production-survives-a-region': {
    spoil: (plan) => remove(plan, 'aws_s3_bucket_replication_configuration', named('data')),
  },
  'production-not-deleted-by-mistake': { spoil: set('aws_db_instance', { deletion_protection: false }) },
  'online-features-stay': {
    spoil: set('aws_elasticache_parameter_group', { parameter: [{ name: 'maxmemory-policy', value: 'allkeys-lru' }] }),
  },
  'zones-tiered': {
    spoil: (plan) =>
      change(
        plan,
        'aws_s3_bucket_lifecycle_configuration',
        (values) => {
          for (const rule of values['rule'] as { id: string; status: string }[])
            if (rule.id === 'raw') rule.status = 'Disabled';
        },
        ({ name, index }) => name === 'this' && index === 'data',
      ),
  },
  'security-updates': { spoil: set('aws_db_instance', { auto_minor_version_upgrade: false }) },
  // cost
  'everything-tagged': { spoil: set('aws_s3_bucket', { tags_all: { Name: 'mlops' }, tags: { Name: 'mlops' } }) },
  'nodes-tagged': { spoil: set('aws_launch_template', { tag_specifications: [] }) },
  budgets: { spoil: set('aws_budgets_budget', { notification: [{ notification_type: 'ACTUAL', threshold: 100 }] }) },
  'teams-have-budgets': { spoil: (plan) => remove(plan, 'aws_budgets_budget', named('team-clinical')) },
  'development-sleeps': {
    environment: 'dev',
    spoil: set('aws_scheduler_schedule', { state: 'DISABLED' }, named('redshift-offline-stop')),
  },
  // encryption
  'databases-encrypted': { spoil: (plan) => unset(plan, 'aws_db_instance', 'kms_key_id') },
  'insights-encrypted': { spoil: (plan) => unset(plan, 'aws_db_instance', 'performance_insights_kms_key_id') },
  'volumes-encrypted': { spoil: set('aws_ebs_encryption_by_default', { enabled: false }) },
  'buckets-encrypted': {
    spoil: set(
      'aws_s3_bucket_server_side_encryption_configuration',
      { rule: [{ apply_server_side_encryption_by_default: [{ sse_algorithm: 'AES256' }] }] },
      named('data'),
    ),
  },
  'secrets-encrypted': { spoil: (plan) => unset(plan, 'aws_secretsmanager_secret', 'kms_key_id') },
  'logs-and-messages-encrypted': { spoil: set('aws_sqs_queue', { kms_master_key_id: 'alias/aws/sqs' }) },
  'backups-encrypted': { spoil: (plan) => unset(plan, 'aws_backup_vault', 'kms_key_arn') },
  'keys-rotate': { spoil: set('aws_kms_key', { enable_key_rotation: false }) },
  'keys-for-one-purpose': {
    spoil: (plan) => remove(plan, 'aws_kms_key', ({ index }) => index === 'hipaa'),
  },
  // Kubernetes
  'supported-version': { spoil: set('aws_eks_cluster', { version: '1.27' }) },
  'managed-addons': {
    spoil: (plan) => remove(plan, 'aws_eks_addon', ({ values }) => values['addon_name'] === 'coredns'),
  },
  'pools-tainted': { spoil: set('aws_eks_node_group', { taint: [] }, pool('gpu')) },
  'health-data-on-own-nodes': { spoil: set('aws_eks_node_group', { instance_types: ['m5.2xlarge'] }, pool('hipaa')) },
  'teams-isolated': {
    spoil: (plan) =>
      remove(plan, 'aws_eks_pod_identity_association', ({ values }) => values['namespace'] === 'team-clinical'),
  },
  'compute-on-spot': {
    environment: 'dev',
    spoil: set('aws_eks_node_group', { capacity_type: 'ON_DEMAND' }, pool('compute')),
  },
  // network
  'no-entry-from-anywhere': { spoil: set('aws_vpc_security_group_ingress_rule', { cidr_ipv4: '0.0.0.0/0' }) },
  'default-group-closed': { spoil: set('aws_default_security_group', { egress: [{ cidr_blocks: ['10.0.0.0/8'] }] }) },
  'flow-logs': { spoil: set('aws_flow_log', { traffic_type: 'REJECT' }) },
  'no-public-addresses': { spoil: set('aws_subnet', { map_public_ip_on_launch: true }) },
  'private-control-plane': {
    spoil: set('aws_eks_cluster', {
      vpc_config: [{ endpoint_private_access: true, endpoint_public_access: true, public_access_cidrs: ['0.0.0.0/0'] }],
    }),
  },
  'buckets-not-public': { spoil: set('aws_s3_bucket_public_access_block', { restrict_public_buckets: false }) },
  'buckets-tls-only': {
    spoil: (plan) => void statements(plan, 'module.s3.data.aws_iam_policy_document.bucket["data"]').splice(0, 1),
  },
  'stores-tls-only': { spoil: set('aws_elasticache_replication_group', { transit_encryption_mode: 'preferred' }) },
  // limits
  'managed-nodes-launch': {
    spoil: (plan) => {
      for (const statement of statements(plan, 'module.kms.data.aws_iam_policy_document.key["volumes"]'))
        statement['principals'] = [{ type: 'AWS', identifiers: ['arn:aws:iam::345678901234:root'] }];
    },
  },
  'volumes-attach': {
    spoil: (plan) => {
      for (const { actions } of statements(plan, 'workload["kube-system/ebs-csi-controller-sa"]'))
        remains(actions, (action) => action !== 'kms:ReEncryptTo');
    },
  },
  'karpenter-finds-its-own': {
    spoil: (plan) => {
      for (const statement of statements(
        plan,
        'module.access.data.aws_iam_policy_document.workload["kube-system/karpenter"]',
      ))
        if (statement['sid'] === 'Remove') remains(statement['condition'], () => false);
    },
  },
  'balancers-stay-whose-they-are': {
    spoil: (plan) => {
      for (const statement of statements(plan, 'workload["kube-system/aws-load-balancer-controller"]'))
        if (statement['sid'] === 'TagBalancers') remains(statement['condition'], () => false);
    },
  },
  'volumes-backed-up': {
    spoil: set('aws_eks_addon', { configuration_values: '{"controller":{}}' }, named('aws-ebs-csi-driver')),
  },
  'config-delivers': {
    spoil: set('aws_config_delivery_channel', { s3_bucket_name: 'mlops-account-audit-345678901234' }),
  },
  'bucket-names-are-ours': { spoil: set('aws_s3_bucket', { bucket: 'mlops-prod-backups' }, named('backups')) },
  'names-fit': { spoil: set('aws_iam_role', { name: 'mlops-prod-'.padEnd(65, 'x') }) },
  'functions-share-concurrency': { spoil: set('aws_lambda_function', { reserved_concurrent_executions: 5 }) },
  'functions-reach-their-services': {
    spoil: (plan) => remove(plan, 'aws_vpc_endpoint', named('elasticache')),
  },
  'recovery-points-fit-their-lock': {
    spoil: set('aws_backup_vault_lock_configuration', { max_retention_days: 14 }),
  },
  'services-inside': {
    spoil: set('aws_eks_cluster', { kubernetes_network_config: [{ service_ipv4_cidr: '172.20.0.0/16' }] }),
  },
  'control-plane-reached': {
    spoil: (plan) =>
      remove(plan, 'aws_iam_role_policy_attachment', ({ index }) =>
        String(index).startsWith('node/AmazonSSMManagedInstanceCore'),
      ),
  },
  'log-groups-open-their-key': {
    spoil: (plan) => {
      for (const statement of statements(plan, 'module.kms.data.aws_iam_policy_document.key["logs"]'))
        if (statement['sid'] === 'LogGroups')
          statement['condition'] = [{ test: 'StringEquals', variable: 'aws:SourceAccount', values: ['345678901234'] }];
    },
  },
  'health-checks-understood': { spoil: add('aws_route53_health_check', { type: 'HTTPS' }) },
  'recovery-window-kept': {
    spoil: (plan) =>
      change(plan, 'aws_backup_plan', (values) => {
        for (const rule of values['rule'] as Values[]) rule['enable_continuous_backup'] = true;
      }),
  },
  'warehouse-logs-ours': {
    spoil: (plan) => remove(plan, 'aws_cloudwatch_log_group', named('useractivitylog')),
  },
  'firewalls-stand-before-something': { spoil: add('aws_wafv2_web_acl', { name: 'mlops' }) },
  'topics-heard': {
    spoil: (plan) => remove(plan, 'aws_sns_topic_subscription', ({ index }) => String(index).startsWith('warning/')),
  },
  'budget-of-everything': {
    spoil: set(
      'aws_budgets_budget',
      { cost_filter: [{ name: 'TagKeyValue', values: ['user:Environment$prod'] }] },
      named('total'),
    ),
  },
};
