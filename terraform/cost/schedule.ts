import type { PlannedResource } from '../terraform.ts';

/** The share of a month, 0 to 1, in which something runs. */
export interface Schedule {
  readonly nodeGroup: (cluster: string, group: string) => number;
  readonly database: (identifier: string) => number;
  readonly warehouse: (identifier: string) => number;
}

export const alwaysOn: Schedule = { nodeGroup: () => 1, database: () => 1, warehouse: () => 1 };

const HOURS_PER_WEEK = 24 * 7;
const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const target = 'arn:[a-z-]+:scheduler:::aws-sdk:';

interface Call {
  readonly kind: 'nodeGroup' | 'database' | 'warehouse';
  readonly name: string;
  readonly starts: boolean;
  /** Hours since Sunday, 0:00, at which the call is made. */
  readonly times: readonly number[];
}

/**
 * What the plan's EventBridge schedules stop and start. Only calls made on fixed weekly times count; the schedule's time zone
 * does not matter, since both ends of a span lie in the same one.
 */
export function scheduleOf(resources: readonly PlannedResource[]): Schedule {
  const calls = resources
    .filter(({ type, values }) => type === 'aws_scheduler_schedule' && values['state'] !== 'DISABLED')
    .flatMap(callOf);
  const share = (kind: Call['kind'], name: string) => {
    const own = calls.filter((call) => call.kind === kind && call.name === name);
    const starts = own.filter((call) => call.starts).flatMap((call) => call.times);
    const stops = own.filter((call) => !call.starts).flatMap((call) => call.times);
    if (stops.length === 0) return 1;
    return (
      starts.reduce(
        (sum, start) => sum + Math.min(...stops.map((stop) => (stop - start + HOURS_PER_WEEK) % HOURS_PER_WEEK)),
        0,
      ) / HOURS_PER_WEEK
    );
  };
  return {
    nodeGroup: (cluster, group) => share('nodeGroup', `${cluster}/${group}`),
    database: (identifier) => share('database', identifier),
    warehouse: (identifier) => share('warehouse', identifier),
  };
}

function callOf({ values }: PlannedResource): Call[] {
  const [called] = values['target'] as readonly { arn?: string; input?: string }[];
  const call = new RegExp(`^${target}(\\w+:\\w+)$`).exec(called?.arn ?? '')?.[1] ?? '';
  const input = JSON.parse(called?.input ?? '{}') as Record<string, unknown>;
  const of = (kind: Call['kind'], name: unknown, starts: boolean): Call[] => [
    { kind, name: String(name), starts, times: weekly(String(values['schedule_expression'])) },
  ];
  switch (call) {
    case 'eks:updateNodegroupConfig': {
      const { DesiredSize = 0 } = (input['ScalingConfig'] ?? {}) as { DesiredSize?: number };
      return of('nodeGroup', `${String(input['ClusterName'])}/${String(input['NodegroupName'])}`, DesiredSize > 0);
    }
    case 'rds:startDBInstance':
    case 'rds:stopDBInstance':
      return of('database', input['DbInstanceIdentifier'], call === 'rds:startDBInstance');
    case 'redshift:resumeCluster':
    case 'redshift:pauseCluster':
      return of('warehouse', input['ClusterIdentifier'], call === 'redshift:resumeCluster');
    default:
      return [];
  }
}

/** `cron(30 19 ? * MON-FRI *)` as hours since Sunday, 0:00: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html */
export function weekly(expression: string): number[] {
  const [, minute, hour, week] = /^cron\((\d+) (\d+) \? \* ([A-Z,-]+) \*\)$/.exec(expression) ?? [];
  if (week === undefined) throw new Error(`not a weekly schedule at fixed times: ${expression}`);
  return week.split(',').flatMap((part) => {
    const [first = '', last = first] = part.split('-');
    const [from, to] = [days.indexOf(first), days.indexOf(last)];
    if (from < 0 || to < from) throw new Error(`not days of one week: ${expression}`);
    return days.slice(from, to + 1).map((day) => days.indexOf(day) * 24 + Number(hour) + Number(minute) / 60);
  });
}
