import { Type } from 'typebox';
import { modulePath } from '../../configuration.ts';
import type { PlannedResource } from '../../terraform.ts';
import {
  block,
  type Component,
  count,
  fixed,
  type Rule,
  rule,
  type Surroundings,
  text,
  type Values,
} from '../component.ts';
import { priceOf } from '../price-book.ts';

/** CloudWatch bills detailed monitoring of an instance as this many metrics. */
const DETAILED_METRICS = 7;
/** GiB of a node's disk where the launch template says nothing (Amazon EKS user guide). */
const DEFAULT_DISK = 20;

const cluster = fixed((values, _usage, _resource, { book }) => {
  const until = book.eksStandardSupportUntil[text(values, 'version')];
  const extended = until === undefined || until < book.version;
  return [
    {
      item: extended ? 'control plane, extended support' : 'control plane',
      price: extended ? 'eks.cluster-extended' : 'eks.cluster',
      quantity: book.hoursPerMonth,
    },
  ];
});

const nodeGroup = rule(
  Type.Object({ nodes: Type.Optional(Type.Number({ minimum: 0 })) }, { additionalProperties: false }),
  (values, usage, resource, around) => {
    const { book, schedule } = around;
    const nodes = usage.nodes ?? count(block(values, 'scaling_config'), 'desired_size');
    const share = schedule.nodeGroup(text(values, 'cluster_name'), text(values, 'node_group_name'));
    const [type = ''] = (values['instance_types'] as readonly string[] | null) ?? [];
    const price = `ec2.${type}`;
    const spot = values['capacity_type'] === 'SPOT';
    const template = launchTemplate(resource, around);
    const hours = nodes * book.hoursPerMonth * share;
    const components: Component[] = [
      {
        item: `${nodes} × ${type}${spot ? ' on spot' : ''}`,
        price,
        quantity: hours,
        ...(spot ? { unitPrice: spotPrice(price, around), note: 'the market sets the price of spot' } : {}),
      },
    ];
    const disk = block(block(template, 'block_device_mappings'), 'ebs');
    // the disks are deleted with their nodes
    components.push({
      item: `${nodes} disks`,
      price: `ebs.${String(disk['volume_type'] ?? 'gp3')}`,
      quantity: nodes * share * Number(disk['volume_size'] ?? DEFAULT_DISK),
    });
    if (block(template, 'monitoring')['enabled'] === true)
      components.push({
        item: 'detailed monitoring',
        price: 'cloudwatch.detailed-monitoring',
        quantity: nodes * share * DETAILED_METRICS,
      });
    return components;
  },
);

/** The market's share of the price on demand, but never more than the environment is ready to pay. */
function spotPrice(key: string, { book, plan }: Surroundings): number {
  const market = priceOf(book, key).price * priceOf(book, 'spot.share-of-on-demand').price;
  const highest = Number(plan.variables?.['spot_max_price']?.value ?? Number.POSITIVE_INFINITY);
  return Math.min(market, highest);
}

/** The launch template made beside the node group under the same key: its id is known only after the apply. */
function launchTemplate({ address, index }: PlannedResource, { resources }: Surroundings): Values {
  const module = modulePath(address).join('.');
  return (
    resources.find(
      (one) =>
        one.type === 'aws_launch_template' && one.index === index && modulePath(one.address).join('.') === module,
    )?.values ?? {}
  );
}

const lambda = rule(
  Type.Object(
    { millionRequests: Type.Number({ minimum: 0 }), gbSeconds: Type.Number({ minimum: 0 }) },
    { additionalProperties: false },
  ),
  (_values, usage) => [
    { item: 'requests', price: 'lambda.requests', quantity: usage.millionRequests },
    { item: 'duration', price: 'lambda.duration', quantity: usage.gbSeconds },
  ],
);

export const compute: Readonly<Record<string, Rule>> = {
  aws_eks_cluster: cluster,
  aws_eks_node_group: nodeGroup,
  aws_lambda_function: lambda,
};
