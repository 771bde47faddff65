import { Type } from 'typebox';
import { origin } from '../../configuration.ts';
import { fixed, NotKnown, type Rule, rule } from '../component.ts';

const amount = Type.Number({ minimum: 0 });
const closed = { additionalProperties: false };

const nat = rule(Type.Object({ processedGb: amount }, closed), (_values, usage, _resource, { book }) => [
  { item: 'gateway', price: 'nat.gateway', quantity: book.hoursPerMonth },
  { item: 'data', price: 'nat.processed', quantity: usage.processedGb },
]);

const endpoint = rule(
  Type.Object({ processedGb: Type.Optional(amount), zones: Type.Optional(Type.Integer({ minimum: 1 })) }, closed),
  (values, usage, resource, { plan, resources, book }) => {
    if (values['vpc_endpoint_type'] === 'Gateway') return [];
    const from = origin(plan, resource, 'subnet_ids');
    // Before the apply a plan shows from where subnets come, not how many of them are taken; the usage may say it.
    const subnets = resources.filter(
      ({ address, type }) => type === 'aws_subnet' && from.has(address.replaceAll(/\[.*?\]/g, '')),
    ).length;
    const zones = usage.zones ?? subnets;
    if (zones === 0) throw new NotKnown('the plan does not say in how many zones it is');
    if (usage.processedGb === undefined) throw new NotKnown('the usage file has no processedGb for it');
    return [
      {
        item: zones === 1 ? 'in 1 zone' : `in ${zones} zones`,
        price: 'endpoint.interface',
        quantity: zones * book.hoursPerMonth,
      },
      { item: 'data', price: 'endpoint.processed', quantity: usage.processedGb },
    ];
  },
);

const flowLog = rule(Type.Object({ deliveredGb: amount }, closed), (values, usage) => {
  if (values['log_destination_type'] !== 's3') throw new NotKnown('only flow logs that go to S3 have a rule');
  const [options] = values['destination_options'] as readonly { file_format?: string }[];
  return [
    { item: 'flow logs', price: 'logs.vended-to-s3', quantity: usage.deliveredGb },
    ...(options?.file_format === 'parquet'
      ? [{ item: 'as Parquet', price: 'logs.parquet', quantity: usage.deliveredGb }]
      : []),
  ];
});

const zone = rule(Type.Object({ millionQueries: amount }, closed), (_values, usage) => [
  { item: 'hosted zone', price: 'route53.zone', quantity: 1 },
  { item: 'queries', price: 'route53.queries', quantity: usage.millionQueries },
]);

export const network: Readonly<Record<string, Rule>> = {
  aws_nat_gateway: nat,
  aws_eip: fixed((_values, _usage, _resource, { book }) => [
    { item: 'address', price: 'ipv4.address', quantity: book.hoursPerMonth },
  ]),
  aws_vpc_endpoint: endpoint,
  aws_flow_log: flowLog,
  aws_route53_zone: zone,
};
