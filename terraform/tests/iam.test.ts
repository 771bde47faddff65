import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetPolicyCommand, GetPolicyVersionCommand, IAMClient } from '@aws-sdk/client-iam';
import { run } from '@mlops/child-process';
import { findTool, needTool, temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, type Names, pods, services, workflows } from '../iam/calls/index.ts';
import { decide, type Principal } from '../iam/evaluate.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import { AppliedPolicies, type StateResource, stateResources } from '../iam/state.ts';
import { type WorkingCopy, workingCopy } from '../terraform.ts';
import { type AwsMock, startAwsMock } from './aws-mock.ts';
import { folderOf } from './plans.ts';
import { terraformSuite } from './provider.ts';

const account = '345678901234';
const region = 'us-east-1';
/** What parliament says that is known, and why it stays. */
const tolerated: readonly (readonly [finding: RegExp, why: string])[] = [
  [/^RESOURCE_MISMATCH .*workload\["kube-system\/karpenter"\]/, 'kinds of resources stand in statements of their own'],
  [/^RESOURCE_STAR .*\.boundary: /, 'a boundary grants nothing'],
  [/^RESOURCE_STAR .*-controller"\]: \["acm:DescribeCertificate"\]$/, 'certificates are found by host name'],
  [/^RESOURCE_STAR .*-controller"\]: \["ec2:GetSecurityGroupsForVpc"\]$/, 'groups are found by their tags'],
  [/^UNKNOWN_ACTION .*ec2:CopyVolumes/, 'newer than parliament’s list of April 2025'],
  [/^UNKNOWN_CONDITION_FOR_ACTION .*elasticloadbalancing:CreateAction/, 'newer than parliament’s list of April 2025'],
];

/** Of production, what has policies or is named in them; clusters and databases take minutes and decide nothing. */
const targets = {
  account: ['kms', 's3.aws_s3_bucket_policy.this', 'ci', 'registry', 'monitoring.aws_sns_topic_policy.this'],
  prod: [
    'kms',
    'access',
    's3.aws_s3_bucket_policy.this',
    's3.aws_iam_role_policy.replication',
    'eks.aws_sqs_queue_policy.interruptions',
  ],
} as const;

terraformSuite('who may do what, in production', ['mlops-python'], () => {
  let mock: AwsMock;
  const copies: WorkingCopy[] = [];
  const folder = temporaryFolder();
  let applied: AppliedPolicies;
  let names: Names;

  const apply = async (root: keyof typeof targets, module: string): Promise<StateResource[]> => {
    const copy = workingCopy(folderOf(root), 'terraform {\n  backend "local" {}\n}\n');
    copies.push(copy);
    const wanted = targets[root].map((one) => `-target=module.${module}.module.${one}`);
    const settings = root === 'account' ? ['-var-file=prod.tfvars'] : [];
    await copy.run(['init', '-no-color'], mock.environment);
    await copy.run(
      ['apply', '-no-color', '-auto-approve', '-parallelism=40', ...settings, ...wanted],
      mock.environment,
    );
    return stateResources(await copy.run(['show', '-json', 'terraform.tfstate'], mock.environment));
  };

  /** AWS's own policies, as moto has them. */
  const managedPolicies = async (resources: readonly StateResource[]) => {
    const iam = new IAMClient({ ...mock.client, region });
    const arns = resources
      .filter(({ type }) => type === 'aws_iam_role_policy_attachment')
      .map(({ values }) => String(values['policy_arn']))
      .filter((arn) => arn.startsWith('arn:aws:iam::aws:'));
    const read = [...new Set(arns)].map(async (PolicyArn) => {
      const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
      const version = { PolicyArn, VersionId: Policy?.DefaultVersionId };
      const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand(version));
      return [PolicyArn, JSON.parse(decodeURIComponent(PolicyVersion?.Document ?? '{}')) as PolicyDocument] as const;
    });
    return new Map(await Promise.all(read));
  };

  beforeAll(async () => {
    mock = await startAwsMock(account);
    const resources = [...(await apply('account', 'account')), ...(await apply('prod', 'platform'))];
    const managed = await managedPolicies(resources);
    applied = new AppliedPolicies(resources, account, (arn) => {
      const found = managed.get(arn);
      if (!found) throw new Error(`moto does not have ${arn}`);
      return found;
    });
    const own = Object.entries(applied.keys('module.account.module.kms')).map(([domain, arn]) => [
      `account/${domain}`,
      arn,
    ]);
    const vpc = applied.of('aws_vpc').map(({ values }) => String(values['id']));
    names = {
      name: 'mlops-prod',
      account,
      region,
      environment: 'prod',
      domain: 'mlops.example.com',
      vpc: vpc[0] ?? '',
      keys: { ...applied.keys('module.platform.module.kms'), ...Object.fromEntries(own) },
    };
  }, 600_000);

  afterAll(async () => {
    for (const copy of copies) copy.remove();
    folder.remove();
    await mock.stop();
  });

  /** What is decided otherwise than it should be. */
  const wrong = (who: Principal, { needed, dangerous }: Caller) => {
    const decisions = (calls: Caller['needed'], expected: boolean) =>
      calls.flatMap(({ actions, resource, context = {} }) =>
        actions.flatMap((action) => {
          const { allowed, by } = decide(who, { action, resource, context }, applied.target(resource));
          return allowed === expected ? [] : [`${action} on ${resource} ${JSON.stringify(context)}: ${by}`];
        }),
      );
    return { denied: decisions(needed, true), allowed: decisions(dangerous, false) };
  };
  const right = { denied: [], allowed: [] };
  const sample = { name: 'x', account, region, environment: 'prod', domain: 'x.test', vpc: 'v', keys: {} };

  describe('pods', () => {
    it.each(pods(sample).map(({ who }) => who))('%s', (who) => {
      const caller = pods(names).find((one) => one.who === who) as Caller;
      expect(wrong(applied.role(`mlops-prod-${who}`), caller)).toEqual(right);
    });

    it('are all looked at', () => {
      const given = applied
        .of('aws_iam_role')
        .filter(({ values }) => String(values['assume_role_policy']).includes('pods.eks.amazonaws.com'))
        .map(({ values }) => String(values['name']).replace('mlops-prod-', ''));
      // a team of payments is one with health data, but for its key
      expect([...pods(names).map(({ who }) => who), 'team-payments-workload'].sort()).toEqual(given.sort());
    });
  });

  it.each(services(sample).map(({ who }) => who))('%s', (who) => {
    const caller = services(names).find((one) => one.who === who) as Caller;
    const arn = who.startsWith('role/') ? `arn:aws:iam::${account}:${who}` : who;
    expect(wrong(applied.stranger(arn), caller)).toEqual(right);
  });

  describe('workflows', () => {
    it.each(workflows(sample).map(({ who }) => who))('%s', (who) => {
      const caller = workflows(names).find((one) => one.who === who) as Caller;
      expect(wrong(applied.role(`mlops-account-${who}`), caller)).toEqual(right);
    });

    it('take a role only for their repository and its environment', () => {
      const issuer = 'token.actions.githubusercontent.com';
      const provider = `arn:aws:iam::${account}:oidc-provider/${issuer}`;
      const take = (role: string, subject: string, audience = 'sts.amazonaws.com') =>
        decide(
          { arn: provider, account, policies: [] },
          {
            action: 'sts:AssumeRoleWithWebIdentity',
            resource: '*',
            context: { [`${issuer}:sub`]: subject, [`${issuer}:aud`]: audience },
          },
          { account, policy: applied.trust(role) },
        ).allowed;
      const repository = 'repo:example-org/mlops-platform';
      expect(take('mlops-account-ci-apply', `${repository}:environment:prod`)).toBe(true);
      expect(take('mlops-account-ci-plan', `${repository}:environment:prod-plan`)).toBe(true);
      for (const subject of [
        `${repository}:pull_request`,
        `${repository}:ref:refs/heads/main`,
        `${repository}:environment:prod-plan`,
        'repo:somebody/else:environment:prod',
      ])
        expect(take('mlops-account-ci-apply', subject), subject).toBe(false);
      expect(take('mlops-account-ci-apply', `${repository}:environment:prod`, 'https://github.com/somebody')).toBe(
        false,
      );
    });
  });

  it('pods take a role only as their own service account in this cluster', () => {
    const take = (tags: Readonly<Record<string, string>>) =>
      decide(
        applied.stranger('pods.eks.amazonaws.com'),
        {
          action: 'sts:AssumeRole',
          resource: '*',
          context: Object.fromEntries(Object.entries(tags).map(([name, value]) => [`aws:RequestTag/${name}`, value])),
        },
        { account, policy: applied.trust('mlops-prod-mlflow-mlflow') },
      ).allowed;
    const own = {
      'kubernetes-namespace': 'mlflow',
      'kubernetes-service-account': 'mlflow',
      'eks-cluster-name': 'mlops-prod',
    };
    expect(take(own)).toBe(true);
    expect(take({ ...own, 'kubernetes-service-account': 'default' })).toBe(false);
    expect(take({ ...own, 'kubernetes-namespace': 'team-data-science' })).toBe(false);
    expect(take({ ...own, 'eks-cluster-name': 'another' })).toBe(false);
  });

  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, without white space; KMS and S3 have limits of their own
  it('all policies fit into what AWS takes', () => {
    const compact = (policy: unknown) => JSON.stringify(JSON.parse(String(policy))).length;
    const longer = (type: string, argument: string, most: number) =>
      applied
        .of(type)
        .map(({ address, values }) => [address, compact(values[argument])] as const)
        .filter(([, length]) => length > most);
    const inline = new Map<string, number>();
    for (const { values } of applied.of('aws_iam_role_policy'))
      inline.set(String(values['role']), (inline.get(String(values['role'])) ?? 0) + compact(values['policy']));
    expect(inline.size).toBeGreaterThan(15);
    expect([...inline].filter(([, length]) => length > 10_240)).toEqual([]);
    expect(longer('aws_iam_role', 'assume_role_policy', 2048)).toEqual([]);
    expect(longer('aws_iam_policy', 'policy', 6144)).toEqual([]);
    expect(longer('aws_kms_key', 'policy', 32_768)).toEqual([]);
    expect(longer('aws_s3_bucket_policy', 'policy', 20_480)).toEqual([]);
  });

  // https://github.com/duo-labs/parliament
  const parliament = findTool('parliament');
  it.skipIf(parliament === undefined)('and parliament knows each action and condition (needs parliament)', async () => {
    const documents = ['aws_iam_role_policy', 'aws_iam_policy'].flatMap((type) => applied.of(type));
    expect(documents.length).toBeGreaterThan(15);
    for (const [index, { values }] of documents.entries())
      writeFileSync(join(folder.path, `${index}.json`), String(values['policy']));
    const args = ['--json', '--directory', folder.path];
    const { stdout, stderr } = await run(needTool('parliament'), args);
    const findings = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { issue: string; detail: unknown; location: { filepath?: string } });
    const unexpected = findings
      .map(({ issue, detail, location: { filepath = '' } }) => {
        const document = documents[Number(/(\d+)\.json$/.exec(filepath)?.[1])];
        return `${issue} ${document?.address}: ${JSON.stringify(detail)}`;
      })
      .filter((finding) => !tolerated.some(([pattern]) => pattern.test(finding)));
    expect({ unexpected, stderr: stderr.includes('Traceback') }).toEqual({ unexpected: [], stderr: false });
  });

  it('names where each list of calls comes from', () => {
    for (const { source, version } of [...pods(names), ...services(names), ...workflows(names)]) {
      expect(version).not.toBe('');
      if (!source.startsWith('https://')) expect(source).toMatch(/^(docs|packages)\//);
    }
  });
});
