import type { PlannedResource } from '../terraform.ts';
import { at, type PlanView } from './plan-view.ts';
import { type Clause, missing, type Policy, refuse } from './policy.ts';

/** Days that a log is kept at least: a year, as checkov's CKV_AWS_338 asks. */
const LOG_DAYS = 365;
/** HIPAA's six years (45 CFR 164.316(b)(2)(i)) and the seed's seven (ADR-007); we keep the longer. */
const AUDIT_DAYS = 2555;

const controlPlaneLogs = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'];

/** What must raise an alarm, by clause of CIS: words of a filter, or names of calls, which a filter may shorten with `*`. */
const watched: readonly {
  readonly clause: Clause;
  readonly words?: readonly string[];
  readonly calls?: readonly string[];
}[] = [
  { clause: 'CIS 4.1', words: ['UnauthorizedOperation', 'AccessDenied'] },
  { clause: 'CIS 4.2', words: ['ConsoleLogin', 'MFAUsed'] },
  { clause: 'CIS 4.3', words: ['userIdentity.type = "Root"'] },
  {
    clause: 'CIS 4.4',
    calls: [
      'DeleteGroupPolicy',
      'DeleteRolePolicy',
      'DeleteUserPolicy',
      'PutGroupPolicy',
      'PutRolePolicy',
      'PutUserPolicy',
      'CreatePolicy',
      'DeletePolicy',
      'CreatePolicyVersion',
      'DeletePolicyVersion',
      'AttachRolePolicy',
      'DetachRolePolicy',
      'AttachUserPolicy',
      'DetachUserPolicy',
      'AttachGroupPolicy',
      'DetachGroupPolicy',
    ],
  },
  { clause: 'CIS 4.5', calls: ['CreateTrail', 'UpdateTrail', 'DeleteTrail', 'StartLogging', 'StopLogging'] },
  { clause: 'CIS 4.6', words: ['Failed authentication'] },
  { clause: 'CIS 4.7', calls: ['DisableKey', 'ScheduleKeyDeletion'] },
  {
    clause: 'CIS 4.8',
    calls: [
      'PutBucketAcl',
      'PutBucketPolicy',
      'PutBucketCors',
      'PutBucketLifecycle',
      'PutBucketReplication',
      'DeleteBucketPolicy',
      'DeleteBucketCors',
      'DeleteBucketLifecycle',
      'DeleteBucketReplication',
    ],
  },
  {
    clause: 'CIS 4.9',
    calls: ['StopConfigurationRecorder', 'DeleteDeliveryChannel', 'PutDeliveryChannel', 'PutConfigurationRecorder'],
  },
  {
    clause: 'CIS 4.10',
    calls: [
      'AuthorizeSecurityGroupIngress',
      'AuthorizeSecurityGroupEgress',
      'RevokeSecurityGroupIngress',
      'RevokeSecurityGroupEgress',
      'CreateSecurityGroup',
      'DeleteSecurityGroup',
    ],
  },
  {
    clause: 'CIS 4.11',
    calls: [
      'CreateNetworkAcl',
      'CreateNetworkAclEntry',
      'DeleteNetworkAcl',
      'DeleteNetworkAclEntry',
      'ReplaceNetworkAclEntry',
      'ReplaceNetworkAclAssociation',
    ],
  },
  {
    clause: 'CIS 4.12',
    calls: [
      'CreateCustomerGateway',
      'DeleteCustomerGateway',
      'AttachInternetGateway',
      'CreateInternetGateway',
      'DeleteInternetGateway',
      'DetachInternetGateway',
    ],
  },
  {
    clause: 'CIS 4.13',
    calls: [
      'CreateRoute',
      'CreateRouteTable',
      'ReplaceRoute',
      'ReplaceRouteTableAssociation',
      'DeleteRouteTable',
      'DeleteRoute',
      'DisassociateRouteTable',
    ],
  },
  {
    clause: 'CIS 4.14',
    calls: [
      'CreateVpc',
      'DeleteVpc',
      'ModifyVpcAttribute',
      'AcceptVpcPeeringConnection',
      'CreateVpcPeeringConnection',
      'DeleteVpcPeeringConnection',
      'RejectVpcPeeringConnection',
    ],
  },
];

/**
 * Whether a filter's pattern matches a call: by equality, or with `*` at an end of the name, which is all that CloudWatch
 * documents: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html
 */
function matches(pattern: string, call: string): boolean {
  return [...pattern.matchAll(/eventName\s*=\s*"?([\w*]+)"?/g)].some(([, name = '']) => {
    const [, before, word = '', after] = /^(\*?)(\w+)(\*?)$/.exec(name) ?? [];
    if (word === '') return false;
    if (before && after) return call.includes(word);
    return before ? call.endsWith(word) : after ? call.startsWith(word) : call === word;
  });
}

/** The patterns of the filters whose metric an alarm watches. */
function watchedPatterns(plan: PlanView): string[] {
  const alarmed = new Set(
    plan
      .of('aws_cloudwatch_metric_alarm')
      .map(({ values }) => `${String(values['namespace'])}/${String(values['metric_name'])}`),
  );
  return plan
    .of('aws_cloudwatch_log_metric_filter')
    .filter(({ values }) =>
      alarmed.has(
        `${String(at(values, 'metric_transformation.namespace'))}/${String(at(values, 'metric_transformation.name'))}`,
      ),
    )
    .map(({ values }) => String(values['pattern']));
}

/** The beginnings of the ARNs of objects whose reads and writes a trail records. */
const recorded = (plan: PlanView): string[] =>
  plan
    .of('aws_cloudtrail')
    .flatMap(({ values }) => (values['advanced_event_selector'] ?? []) as readonly { field_selector: Selector[] }[])
    .flatMap(({ field_selector: fields }) => fields)
    .filter(({ field }) => field === 'resources.ARN')
    .flatMap(({ starts_with: prefixes }) => prefixes ?? []);

interface Selector {
  readonly field: string;
  readonly starts_with?: readonly string[];
}

const audited = (plan: PlanView) => plan.of('aws_s3_bucket').filter(({ index }) => index === 'audit');

export const audit: readonly Policy[] = [
  {
    id: 'trail',
    title: 'One trail records all regions, validated, encrypted with our key, to S3 and CloudWatch',
    proves: ['HIPAA 164.312(b)', 'HIPAA 164.312(c)(2)', 'CIS 3.1', 'CIS 3.2', 'CIS 3.5', 'ADR-007'],
    needs: ['aws_cloudtrail'],
    check: (plan) => {
      const bad = (one: PlannedResource) =>
        ['is_multi_region_trail', 'enable_log_file_validation', 'include_global_service_events', 'enable_logging'].some(
          (name) => one.values[name] !== true,
        ) ||
        !plan.hasOwnKey(one, 'kms_key_id') ||
        !plan.isSet(one, 'cloud_watch_logs_group_arn');
      return refuse(plan.of('aws_cloudtrail'), bad, 'is not a validated, encrypted trail of all regions');
    },
  },
  {
    id: 'trail-of-objects',
    title: 'Reads and writes of data and models are in the trail, those of their copies in the second region, too',
    proves: ['HIPAA 164.312(b)', 'CIS 3.8', 'CIS 3.9', 'ADR-007'],
    needs: ['aws_cloudtrail', 'aws_s3_bucket'],
    check: (plan) => [
      ...refuse(
        plan.of('aws_cloudtrail'),
        ({ values }) => {
          const selectors = (values['advanced_event_selector'] ?? []) as readonly {
            field_selector: readonly { field: string; equals: readonly string[] }[];
          }[];
          const objects = selectors.find(({ field_selector: fields }) =>
            fields.some(({ field, equals }) => field === 'resources.type' && equals.includes('AWS::S3::Object')),
          );
          return !objects || objects.field_selector.some(({ field }) => field === 'readOnly');
        },
        'does not record who reads and writes objects',
      ),
      // by the beginnings of names: the trail is the account's, and there before the buckets
      ...refuse(
        plan.of('aws_s3_bucket').filter(({ index }) => index === 'data' || index === 'artifacts'),
        ({ values }) =>
          !recorded(plan).some((prefix) => `arn:aws:s3:::${String(values['bucket'])}/`.startsWith(prefix)),
        'has readers whom no trail records',
      ),
    ],
  },
  {
    id: 'audit-immutable',
    title: 'The audit bucket is locked, and keeps its own access log',
    proves: ['HIPAA 164.312(c)(1)', 'HIPAA 164.312(c)(2)', 'CIS 3.4', 'ADR-007'],
    needs: ['aws_s3_bucket', 'aws_s3_bucket_object_lock_configuration', 'aws_s3_bucket_logging'],
    check: (plan) => [
      ...missing(audited(plan).length === 0, 'has no audit bucket'),
      ...refuse(
        audited(plan),
        (bucket) => {
          const lock = plan.companion(bucket, 'aws_s3_bucket_object_lock_configuration');
          return (
            !lock ||
            bucket.values['object_lock_enabled'] !== true ||
            Number(at(lock.values, 'rule.default_retention.days') ?? 0) < 1
          );
        },
        'can be changed afterwards',
      ),
      ...refuse(
        audited(plan).filter(({ name }) => name === 'this'),
        (bucket) => !plan.companion(bucket, 'aws_s3_bucket_logging'),
        'does not log who reads it',
      ),
    ],
  },
  {
    id: 'audit-seven-years',
    title: 'In production nobody can shorten the seven years of the audit bucket',
    proves: ['HIPAA 164.316(b)(2)(i)', 'ADR-007'],
    environments: ['prod'],
    needs: ['aws_s3_bucket_object_lock_configuration'],
    check: (plan) =>
      refuse(
        plan.of('aws_s3_bucket_object_lock_configuration'),
        ({ values }) =>
          at(values, 'rule.default_retention.mode') !== 'COMPLIANCE' ||
          Number(at(values, 'rule.default_retention.days')) < AUDIT_DAYS,
        'does not keep seven years in compliance mode',
      ),
  },
  {
    id: 'configuration-recorded',
    title: 'AWS Config records every type of resource, in each region, and judges it by rules',
    proves: ['HIPAA 164.312(b)', 'CIS 3.3', 'ADR-007'],
    baseline: ['config'],
    needs: [
      'aws_config_configuration_recorder',
      'aws_config_configuration_recorder_status',
      'aws_config_delivery_channel',
      'aws_config_config_rule',
    ],
    check: (plan) => [
      ...refuse(
        plan.of('aws_config_configuration_recorder'),
        ({ values }) => at(values, 'recording_group.all_supported') !== true,
        'does not record everything',
      ),
      ...refuse(
        plan.of('aws_config_configuration_recorder_status'),
        ({ values }) => values['is_enabled'] !== true,
        'does not record',
      ),
      ...missing(
        !plan
          .of('aws_config_configuration_recorder')
          .some(({ values }) => at(values, 'recording_group.include_global_resource_types') === true),
        'records IAM in no region',
      ),
      ...missing(
        plan.of('aws_config_configuration_recorder').length < plan.of('aws_vpc').length,
        'has a region without a recorder',
      ),
    ],
  },
  {
    id: 'control-plane-logged',
    title: 'All five logs of the control plane are kept',
    proves: ['HIPAA 164.312(b)', 'ADR-008'],
    needs: ['aws_eks_cluster'],
    check: (plan) =>
      refuse(
        plan.of('aws_eks_cluster'),
        ({ values }) =>
          controlPlaneLogs.some((log) => !((values['enabled_cluster_log_types'] ?? []) as string[]).includes(log)),
        'does not write all of its logs',
      ),
  },
  {
    id: 'stores-logged',
    title: 'Databases log connections and changes of schema, Redshift what users do',
    proves: ['HIPAA 164.312(b)', 'ADR-007'],
    needs: ['aws_db_instance', 'aws_db_parameter_group', 'aws_redshift_logging', 'aws_redshift_parameter_group'],
    check: (plan) => {
      const parameter = ({ values }: PlannedResource, name: string) =>
        (values['parameter'] as readonly { name: string; value: string }[]).find((one) => one.name === name)?.value;
      return [
        ...refuse(
          plan.of('aws_db_instance'),
          ({ values }) => !((values['enabled_cloudwatch_logs_exports'] ?? []) as string[]).includes('postgresql'),
          'does not export its log',
        ),
        ...refuse(
          plan.of('aws_db_parameter_group'),
          (one) =>
            parameter(one, 'log_connections') !== '1' ||
            !['ddl', 'mod', 'all'].includes(parameter(one, 'log_statement') ?? ''),
          'does not log connections and changes of schema',
        ),
        ...refuse(
          plan.of('aws_redshift_parameter_group'),
          (one) => parameter(one, 'enable_user_activity_logging') !== 'true',
          'does not log what users do',
        ),
      ];
    },
  },
  {
    id: 'logs-kept',
    title: 'Logs are kept for a year, and not for ever',
    proves: ['HIPAA 164.312(b)', 'ADR-007', 'ADR-009'],
    needs: ['aws_cloudwatch_log_group'],
    check: (plan) =>
      refuse(
        plan.of('aws_cloudwatch_log_group'),
        ({ values }) => Number(values['retention_in_days'] ?? 0) < LOG_DAYS,
        'is not kept for a year, or for ever',
      ),
  },
  {
    id: 'threats-detected',
    title: 'GuardDuty, Security Hub and Access Analyzer watch each region',
    proves: ['HIPAA 164.308(a)(1)(ii)(D)', 'CIS 1.20', 'CIS 4.16', 'ADR-007'],
    baseline: ['guardduty', 'security_hub'],
    needs: [
      'aws_guardduty_detector',
      'aws_guardduty_detector_feature',
      'aws_securityhub_account',
      'aws_securityhub_standards_subscription',
      'aws_accessanalyzer_analyzer',
    ],
    check: (plan) => {
      const regions = plan.of('aws_vpc').length;
      const on = plan.of('aws_guardduty_detector_feature').filter(({ values }) => values['status'] === 'ENABLED');
      return [
        ...refuse(plan.of('aws_guardduty_detector'), ({ values }) => values['enable'] !== true, 'is switched off'),
        ...['aws_guardduty_detector', 'aws_securityhub_account', 'aws_accessanalyzer_analyzer'].flatMap((type) =>
          missing(plan.of(type).length < regions, `has a region without ${type}`),
        ),
        ...['S3_DATA_EVENTS', 'EKS_AUDIT_LOGS', 'RUNTIME_MONITORING', 'RDS_LOGIN_EVENTS'].flatMap((name) =>
          missing(
            on.filter(({ values }) => values['name'] === name).length < regions,
            `has a region in which GuardDuty's ${name} is off`,
          ),
        ),
        ...missing(
          !plan
            .of('aws_securityhub_standards_subscription')
            .some(({ values }) => String(values['standards_arn']).includes('cis-aws-foundations-benchmark/v/3.0.0')),
          'does not subscribe to the CIS benchmark 3.0.0',
        ),
      ];
    },
  },
  {
    id: 'changes-alarm',
    title: 'What an intruder would do to the account raises an alarm',
    proves: ['HIPAA 164.308(a)(1)(ii)(D)', ...watched.map(({ clause }) => clause), 'ADR-007'],
    needs: ['aws_cloudwatch_log_metric_filter', 'aws_cloudwatch_metric_alarm'],
    check: (plan) => {
      const patterns = watchedPatterns(plan);
      return watched.flatMap(({ clause, words, calls = [] }) => {
        const unwatched = calls.filter((call) => !patterns.some((pattern) => matches(pattern, call)));
        const told = words === undefined || patterns.some((pattern) => words.every((word) => pattern.includes(word)));
        return missing(
          !told || unwatched.length > 0,
          `raises no alarm for ${clause}: ${words ? words.join(', ') : unwatched.join(', ')}`,
        );
      });
    },
  },
];
