import { at, type Check, listAt, type Missing, unless } from './check.ts';

/** Virtual processors of an instance by its size: https://aws.amazon.com/ec2/instance-types/ */
const processors: Readonly<Record<string, number>> = { large: 2, xlarge: 4, '2xlarge': 8, '4xlarge': 16 };
/** Quotas of EC2, as Service Quotas names them: standard instances on demand, and on spot. */
const quotas = { 'on demand': 'L-1216C47A', spot: 'L-34B43A08' } as const;

const setting = (variables: string, name: string) =>
  new RegExp(`^\\s*${name}\\s*=\\s*"?([^"\\n]+)"?`, 'm').exec(variables)?.[1]?.trim();

/** Processors that the general nodes take at the start. */
function wanted(variables: string): number {
  const size = /node_instance_types\s*=\s*\["[a-z0-9]+\.([a-z0-9]+)"/.exec(variables)?.[1] ?? 'xlarge';
  return Number(setting(variables, 'node_desired_capacity') ?? 3) * (processors[size] ?? 16);
}

/** Prefix of the names of what Terraform makes once for each account (modules/account). */
const ACCOUNT = 'mlops-account';

/** The name of the bucket of Terraform's state. */
export const stateBucket = (name: string, account: string) => `${name}-terraform-state-${account}`;

export const account: readonly Check[] = [
  {
    title: 'you are signed in to the account of the settings',
    look: async ({ aws, settings }) => {
      const found = at(await aws('sts', 'get-caller-identity'), 'Account');
      return unless(
        found === settings.account_id,
        found === undefined
          ? 'AWS does not know you'
          : `you are in account ${String(found)}, not ${settings.account_id}`,
        'sign in: aws sso login, or set AWS_PROFILE',
      );
    },
  },
  {
    title: "the bucket of Terraform's state is there, with versions",
    look: async ({ aws, environment, settings }) => {
      const bucket = stateBucket(settings.name, settings.account_id);
      const versioning = await aws('s3api', 'get-bucket-versioning', `--bucket=${bucket}`);
      return unless(
        at(versioning, 'Status') === 'Enabled',
        versioning === undefined ? `there is no bucket ${bucket}` : `${bucket} keeps no versions`,
        `node cicd/state.ts ${environment}`,
      );
    },
  },
  {
    title: 'spot instances may be asked for',
    // Karpenter has no right to make the role, and the first request of a new account needs it:
    // https://karpenter.sh/docs/troubleshooting/#missing-service-linked-role
    look: async ({ aws }) =>
      unless(
        (await aws('iam', 'get-role', '--role-name=AWSServiceRoleForEC2Spot')) !== undefined,
        'there is no service-linked role of EC2 Spot',
        'aws iam create-service-linked-role --aws-service-name spot.amazonaws.com',
      ),
  },
  {
    title: 'the roles of people that get into the cluster exist',
    // EKS refuses an access entry for a role that does not: https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
    look: async ({ aws, variables }) => {
      const roles = [...new Set([...variables.matchAll(/:role\/([\w+=,.@/-]+)"/g)].map(([, role = '']) => role))];
      const missing: Missing[] = [];
      for (const role of roles) {
        const found = await aws('iam', 'get-role', `--role-name=${role.split('/').at(-1)}`);
        missing.push(
          ...unless(
            found !== undefined,
            `there is no role ${role}`,
            'make it (IAM Identity Center), or take it out of access_entries',
          ),
        );
      }
      return missing;
    },
  },
  {
    title: 'nobody else has switched on what Terraform would switch on',
    look: async ({ aws, variables }) => {
      const [, made] = /^\s*baseline\s*=\s*\[([^\]]*)\]/m.exec(variables) ?? [];
      const off = (part: string) => made !== undefined && !made.includes(`"${part}"`);
      const recorders = listAt(
        await aws('configservice', 'describe-configuration-recorders'),
        'ConfigurationRecorders',
      );
      const foreign = recorders.filter((recorder) => at(recorder, 'name') !== ACCOUNT);
      const detectors = listAt(await aws('guardduty', 'list-detectors'), 'DetectorIds');
      const hub = await aws('securityhub', 'describe-hub');
      const ours = recorders.length > 0 && foreign.length === 0;
      return [
        ...unless(
          off('config') || foreign.length === 0,
          'AWS Config has a recorder already',
          'leave config out of baseline',
        ),
        ...unless(
          off('guardduty') || ours || detectors.length === 0,
          'GuardDuty has a detector already',
          'leave guardduty out of baseline',
        ),
        ...unless(
          off('security_hub') || ours || hub === undefined,
          'Security Hub is on already',
          'leave security_hub out of baseline',
        ),
      ];
    },
  },
  {
    title: 'the account may have as many processors as the nodes take',
    look: async ({ aws, variables }) => {
      const kind = setting(variables, 'enable_spot_instances') === 'true' ? 'spot' : 'on demand';
      const answer = await aws(
        'service-quotas',
        'get-service-quota',
        '--service-code=ec2',
        `--quota-code=${quotas[kind]}`,
      );
      const allowed = at(answer, 'Quota', 'Value');
      const needed = wanted(variables);
      // who may not read quotas learns it from the apply
      return unless(
        typeof allowed !== 'number' || allowed >= needed,
        `${needed} virtual processors ${kind} are needed at the start, and ${String(allowed)} allowed`,
        `aws service-quotas request-service-quota-increase --service-code ec2 --quota-code ${quotas[kind]} --desired-value ${needed * 2}`,
      );
    },
  },
];
