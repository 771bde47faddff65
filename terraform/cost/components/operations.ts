import { type TProperties, Type } from 'typebox';
import { fixed, NotKnown, type Rule, rule, text } from '../component.ts';

const amount = Type.Number({ minimum: 0 });
const closed = <T extends TProperties>(properties: T) => Type.Object(properties, { additionalProperties: false });

const logGroup = rule(closed({ ingestedGb: amount, storedGb: amount }), (_values, usage) => [
  { item: 'ingestion', price: 'logs.ingested', quantity: usage.ingestedGb },
  { item: 'storage', price: 'logs.stored', quantity: usage.storedGb },
]);

const prometheus = rule(closed({ millionSamples: amount, storedGb: amount }), (_values, usage) => [
  { item: 'samples', price: 'prometheus.ingested', quantity: usage.millionSamples },
  { item: 'storage', price: 'prometheus.stored', quantity: usage.storedGb },
]);

/** Management events are free in the first trail of an account. */
const trail = rule(
  closed({ dataEventsHundredThousands: amount, analysedEventsHundredThousands: amount }),
  (values, usage) => [
    { item: 'data events', price: 'cloudtrail.data-events', quantity: usage.dataEventsHundredThousands },
    ...((values['insight_selector'] as readonly unknown[]).length > 0
      ? [
          {
            item: 'events analysed by Insights',
            price: 'cloudtrail.insights',
            quantity: usage.analysedEventsHundredThousands,
          },
        ]
      : []),
  ],
);

/** GuardDuty's feature → its price and what is counted: https://aws.amazon.com/guardduty/pricing/ */
const features: Readonly<Record<string, string>> = {
  S3_DATA_EVENTS: 'guardduty.s3-events',
  EKS_AUDIT_LOGS: 'guardduty.eks-audit-events',
  RUNTIME_MONITORING: 'guardduty.runtime',
  RDS_LOGIN_EVENTS: 'guardduty.rds',
  EBS_MALWARE_PROTECTION: 'guardduty.malware',
  LAMBDA_NETWORK_LOGS: 'guardduty.lambda-flow',
};

const detectorFeature = rule(closed({ quantity: Type.Record(Type.String(), amount) }), (values, { quantity }) => {
  const name = text(values, 'name');
  const price = features[name];
  const used = quantity[name];
  if (price === undefined) throw new NotKnown(`GuardDuty's feature ${name} has no rule`);
  if (used === undefined) throw new NotKnown(`the usage file has no quantity of ${name}`);
  return [{ item: name.toLowerCase().replaceAll('_', ' '), price, quantity: used }];
});

const detector = rule(closed({ millionManagementEvents: amount, flowAndDnsGb: amount }), (_values, usage) => [
  { item: 'management events', price: 'guardduty.management-events', quantity: usage.millionManagementEvents },
  { item: 'flow and DNS logs', price: 'guardduty.flow-and-dns', quantity: usage.flowAndDnsGb },
]);

const key = rule(closed({ requestsTenThousands: amount }), (_values, usage) => [
  { item: 'key', price: 'kms.key', quantity: 1 },
  { item: 'requests', price: 'kms.requests', quantity: usage.requestsTenThousands },
]);

const secret = rule(closed({ callsTenThousands: amount }), (values, usage) => [
  {
    item: 'secret and its copies',
    price: 'secrets.secret',
    quantity: 1 + ((values['replica'] as readonly unknown[] | undefined)?.length ?? 0),
  },
  { item: 'calls', price: 'secrets.calls', quantity: usage.callsTenThousands },
]);

const images = rule(closed({ storedGb: amount }), (_values, { storedGb }) => [
  { item: 'images', price: 'ecr.stored', quantity: storedGb },
]);

export const operations: Readonly<Record<string, Rule>> = {
  aws_cloudtrail: trail,
  aws_cloudwatch_log_group: logGroup,
  aws_cloudwatch_log_metric_filter: fixed(() => [{ item: 'metric', price: 'cloudwatch.metric', quantity: 1 }]),
  aws_cloudwatch_metric_alarm: fixed(() => [{ item: 'alarm', price: 'cloudwatch.alarm', quantity: 1 }]),
  aws_config_configuration_recorder: rule(closed({ items: amount }), (_values, { items }) => [
    { item: 'recorded changes', price: 'config.item', quantity: items },
  ]),
  aws_config_config_rule: rule(closed({ evaluations: amount }), (_values, { evaluations }) => [
    { item: 'evaluations', price: 'config.evaluation', quantity: evaluations },
  ]),
  aws_ecr_repository: images,
  aws_guardduty_detector: detector,
  aws_guardduty_detector_feature: detectorFeature,
  aws_kms_key: key,
  aws_prometheus_workspace: prometheus,
  aws_secretsmanager_secret: secret,
  aws_securityhub_account: rule(closed({ checks: amount }), (_values, { checks }) => [
    { item: 'checks', price: 'securityhub.check', quantity: checks },
  ]),
  aws_sns_topic: rule(closed({ emailsHundredThousands: amount }), (_values, usage) => [
    { item: 'e-mails', price: 'sns.email', quantity: usage.emailsHundredThousands },
  ]),
  aws_sqs_queue: rule(closed({ millionRequests: amount }), (_values, usage) => [
    { item: 'requests', price: 'sqs.requests', quantity: usage.millionRequests },
  ]),
};
