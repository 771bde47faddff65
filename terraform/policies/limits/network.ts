import type { PlannedResource } from '../../terraform.ts';
import { at } from '../plan-view.ts';
import { type Policy, refuse } from '../policy.ts';

/** The range that the manifests' network policies take for "inside". */
const INSIDE = '10.0.0.0/8';
/** What the rotation calls (modules/rotation/index.mjs). */
const calledByFunctions = ['elasticache', 'rds', 'secretsmanager'];

/** First and last address of an IPv4 range as numbers; undefined for what is none. */
function range(cidr: unknown): readonly [number, number] | undefined {
  const [, a, b, c, d, length] = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(String(cidr)) ?? [];
  if (length === undefined) return undefined;
  const size = 2 ** (32 - Number(length));
  const address = [a, b, c, d].reduce((sum, part) => sum * 256 + Number(part), 0);
  const first = Math.floor(address / size) * size;
  return [first, first + size - 1];
}

const overlap = (one: unknown, other: unknown) => {
  const [left, right] = [range(one), range(other)];
  return !left || !right || (left[0] <= right[1] && right[0] <= left[1]);
};
const contains = (outer: unknown, inner: unknown) => {
  const [left, right] = [range(outer), range(inner)];
  return left !== undefined && right !== undefined && left[0] <= right[0] && right[1] <= left[1];
};

/** What is reached from where, and what cannot be. */
export const network: readonly Policy[] = [
  {
    id: 'functions-reach-their-services',
    title: 'A function in subnets without a way out has an endpoint of each service that it calls',
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-endpoints.html',
    needs: ['aws_lambda_function', 'aws_vpc_endpoint', 'aws_subnet'],
    check: (plan) =>
      refuse(
        plan.of('aws_lambda_function'),
        (one) => {
          const home = plan.of('aws_subnet').find((subnet) => plan.comesFrom(one, 'vpc_config.subnet_ids', subnet));
          const reached = plan
            .of('aws_vpc_endpoint')
            .filter(({ address, values }) => sameModule(address, home?.address ?? '') && values['service_name'])
            .map(({ values }) => String(values['service_name']).split('.').at(-1) ?? '');
          return calledByFunctions.some((service) => !reached.includes(service));
        },
        `cannot reach ${calledByFunctions.join(', ')}`,
      ),
  },
  {
    id: 'services-inside',
    title:
      "Services have addresses that network policies allow, and that no VPC has: the agent sees them before the pods'",
    proves: ['AWS limits'],
    source: 'https://github.com/aws/aws-network-policy-agent/issues/549',
    needs: ['aws_eks_cluster', 'aws_vpc'],
    check: (plan) =>
      refuse(
        plan.of('aws_eks_cluster'),
        ({ values }) => {
          const services = at(values, 'kubernetes_network_config.service_ipv4_cidr');
          return (
            !contains(INSIDE, services) || plan.of('aws_vpc').some((vpc) => overlap(vpc.values['cidr_block'], services))
          );
        },
        `gives Services addresses outside of ${INSIDE}, or those of a VPC`,
      ),
  },
  {
    id: 'control-plane-reached',
    title: 'Somebody can reach the API server: from named addresses, or through a node by Session Manager',
    proves: ['AWS limits'],
    source:
      'https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html#sessions-remote-port-forwarding',
    needs: ['aws_eks_cluster', 'aws_iam_role_policy_attachment'],
    check: (plan) => {
      const managed = plan
        .of('aws_iam_role_policy_attachment')
        .filter(({ values }) => String(values['policy_arn']).endsWith(':policy/AmazonSSMManagedInstanceCore'));
      return refuse(
        plan.of('aws_eks_cluster'),
        ({ address, values }) =>
          at(values, 'vpc_config.endpoint_public_access') !== true &&
          !managed.some((one) => sameModule(one.address, address) && String(one.index).startsWith('node/')),
        'is private, and there is no way in',
      );
    },
  },
  {
    id: 'health-checks-understood',
    title: 'Health checks do not ask by HTTPS: Route 53 speaks TLS 1.2 at most, the edge 1.3 alone',
    proves: ['AWS limits'],
    source:
      'https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html',
    needs: ['aws_route53_zone'],
    check: (plan) =>
      refuse(
        plan.of('aws_route53_health_check'),
        ({ values }) => String(values['type']).startsWith('HTTPS'),
        'fails for ever, and sends everybody to the second region',
      ),
  },
  {
    id: 'firewalls-stand-before-something',
    title: 'A web firewall is attached to what can have one, which no network load balancer can',
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html',
    needs: ['aws_vpc'],
    check: (plan) =>
      refuse(
        plan.of('aws_wafv2_web_acl'),
        (one) => !plan.of('aws_wafv2_web_acl_association').some((own) => plan.comesFrom(own, 'web_acl_arn', one)),
        'costs money and stops nothing',
      ),
  },
];

const sameModule = (one: string, other: string) => moduleOf(one) === moduleOf(other);
const moduleOf = (address: PlannedResource['address']) => /^(?:module\.[\w-]+(?:\[[^\]]*\])?\.)*/.exec(address)?.[0];
