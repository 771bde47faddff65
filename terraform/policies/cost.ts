import { scheduleOf } from '../cost/schedule.ts';
import type { PlannedResource } from '../terraform.ts';
import { missing, type Policy, refuse } from './policy.ts';

/** ADR-009's mandatory tags: team, cost centre, project, environment. */
const mandatory = ['Team', 'CostCenter', 'Project', 'Environment'];

const tagged = ({ values }: PlannedResource) =>
  ({ ...(values['tags_all'] as object | null), ...(values['tags'] as object | null) }) as Record<string, string>;

export const cost: readonly Policy[] = [
  {
    id: 'everything-tagged',
    title: 'Everything that can carry tags says whose it is and who pays',
    proves: ['ADR-003', 'ADR-009'],
    needs: ['aws_s3_bucket', 'aws_eks_cluster', 'aws_db_instance'],
    check: (plan) =>
      refuse(
        plan.all.filter(({ values }) => 'tags_all' in values),
        (one) => mandatory.some((tag) => !tagged(one)[tag]),
        `lacks one of the tags ${mandatory.join(', ')}`,
      ),
  },
  {
    id: 'nodes-tagged',
    title: 'Machines and their disks carry the tags, too',
    proves: ['ADR-009'],
    needs: ['aws_launch_template'],
    check: (plan) =>
      refuse(
        plan.of('aws_launch_template'),
        ({ values }) => {
          const specifications = (values['tag_specifications'] ?? []) as readonly {
            resource_type: string;
            tags: Record<string, string>;
          }[];
          return ['instance', 'volume'].some((kind) =>
            mandatory.some((tag) => !specifications.find(({ resource_type: type }) => type === kind)?.tags[tag]),
          );
        },
        'starts machines without tags',
      ),
  },
  {
    id: 'budgets',
    title: 'Budgets speak up at 80, 90 and 100 %, and before; spending that is out of the ordinary is noticed',
    proves: ['ADR-009'],
    needs: ['aws_budgets_budget', 'aws_ce_anomaly_monitor', 'aws_ce_anomaly_subscription'],
    check: (plan) =>
      refuse(
        plan.of('aws_budgets_budget'),
        ({ values }) => {
          const notes = (values['notification'] ?? []) as readonly { notification_type: string; threshold: number }[];
          const actual = notes
            .filter(({ notification_type: type }) => type === 'ACTUAL')
            .map(({ threshold }) => threshold);
          return (
            [80, 90, 100].some((threshold) => !actual.includes(threshold)) ||
            !notes.some(({ notification_type: type }) => type === 'FORECASTED')
          );
        },
        'does not speak up at 80, 90 and 100 % and on the forecast',
      ),
  },
  {
    id: 'teams-have-budgets',
    title: 'In production each team has a budget',
    proves: ['ADR-003', 'ADR-009'],
    environments: ['prod'],
    needs: ['aws_budgets_budget'],
    check: (plan) => {
      const filtered = JSON.stringify(plan.of('aws_budgets_budget').map(({ values }) => values['cost_filter']));
      return Object.keys(plan.variable('teams') ?? {}).flatMap((team) =>
        missing(!filtered.includes(`user:Team$${team}"`), `has no budget for ${team}`),
      );
    },
  },
  {
    id: 'development-sleeps',
    title:
      'Development stops its nodes, those that Karpenter makes included, its databases and warehouse outside business hours',
    proves: ['ADR-009'],
    environments: ['dev'],
    needs: ['aws_scheduler_schedule', 'aws_eks_node_group', 'aws_db_instance', 'aws_redshift_cluster'],
    check: (plan) => {
      const schedule = scheduleOf(plan.all);
      const awake = (share: number) => share <= 0 || share > 0.5;
      const terminations = plan
        .of('aws_scheduler_schedule')
        .filter(({ values }) => values['state'] !== 'DISABLED')
        .map(({ values }) => (values['target'] as readonly { arn?: string; input?: string }[])[0])
        .filter((target) => target?.arn?.endsWith('aws-sdk:ssm:startAutomationExecution'));
      return [
        ...missing(
          !terminations.some((target) => target?.input?.includes('AWS-TerminateEC2Instance')),
          'leaves the nodes that Karpenter has made running at night',
        ),
        ...refuse(
          plan.of('aws_eks_node_group'),
          ({ values }) => awake(schedule.nodeGroup(String(values['cluster_name']), String(values['node_group_name']))),
          'runs at night, or never',
        ),
        ...refuse(
          plan.of('aws_db_instance'),
          ({ values }) => awake(schedule.database(String(values['identifier']))),
          'runs at night, or never',
        ),
        ...refuse(
          plan.of('aws_redshift_cluster'),
          ({ values }) => awake(schedule.warehouse(String(values['cluster_identifier']))),
          'runs at night, or never',
        ),
      ];
    },
  },
];
