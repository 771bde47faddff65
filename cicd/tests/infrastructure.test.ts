import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { suite } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AwsMock, startAwsMock } from '../../terraform/tests/aws-mock.ts';
import { planOf, terraformSuite } from '../../terraform/tests/index.ts';
import { costDifference } from '../infrastructure/cost.ts';
import { apply, changesOf, described, kept, plan, type Root, store } from '../infrastructure/steps.ts';
import { runJob } from './workflow-runner.ts';

const account = '123456789012';
const bucket = `mlops-dev-terraform-state-${account}`;
const dev = join(import.meta.dirname, '../../terraform/environments/dev');
const minutes = 60_000;

/** A root with one resource, whose state is kept where an environment's is. */
const configuration = (days: number) => `terraform {
  required_version = ">= 1.11.0"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.100.0, < 7.0.0" }
  }
  backend "s3" {
    key          = "small/terraform.tfstate"
    region       = "us-east-1"
    encrypt      = true
    use_lockfile = true
  }
}
provider "aws" {
  region = "us-east-1"
}
resource "aws_cloudwatch_log_group" "this" {
  name              = "small"
  retention_in_days = ${days}
}
`;

terraformSuite("Terraform's steps on a mock of AWS", ['aws', 'mlops-python'], () => {
  let mock: AwsMock;
  let folder: string;
  let root: Root;

  const aws = async (...args: string[]) => {
    const { code, stdout, stderr } = await run('aws', [...args, '--region=us-east-1', '--output=json']);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout || '{}') as Record<string, any>;
  };
  const retention = async () => (await aws('logs', 'describe-log-groups')).logGroups[0]?.retentionInDays;

  beforeAll(async () => {
    mock = await startAwsMock(account);
    // the command line takes an empty profile for one that it does not find
    Object.assign(process.env, mock.environment);
    delete process.env['AWS_PROFILE'];
    const { code, stderr } = await run(process.execPath, [join(import.meta.dirname, '../state.ts'), 'dev']);
    if (code !== 0) throw new Error(stderr);
    // the mock takes no notice of the condition, and would refuse everybody
    await run('aws', ['s3api', 'delete-bucket-policy', `--bucket=${bucket}`, '--region=us-east-1']);
    folder = await mkdtemp(join(tmpdir(), 'mlops-root-'));
    root = { folder: join(folder, 'small'), bucket, region: 'us-east-1' };
    await mkdir(root.folder);
    await copyFile(join(dev, '.terraform.lock.hcl'), join(root.folder, '.terraform.lock.hcl'));
    await writeFile(join(root.folder, 'main.tf'), configuration(30));
  });

  afterAll(async () => {
    await rm(join(dev, 'tfplan'), { force: true });
    await rm(join(dev, '.terraform'), { recursive: true, force: true });
    await rm(folder, { recursive: true });
    await mock.stop();
  });

  it('applies the plan that was stored, by its digest, and no other', { timeout: 5 * minutes }, async () => {
    const digest = await plan(root, { lock: true });
    expect(changesOf(await kept(root))).toEqual([{ address: 'aws_cloudwatch_log_group.this', actions: ['create'] }]);
    expect(await described(root)).toContain('1 to add');
    expect(await store(root)).toBe(digest);
    await rm(join(root.folder, 'tfplan'));
    await expect(apply(root)).rejects.toThrow('tfplan');
    await expect(apply(root, 'of-somebody')).rejects.toThrow('--plan is the SHA-256');
    await expect(apply(root, '0'.repeat(64))).rejects.toThrow('aws s3 cp');
    expect(await apply(root, digest)).toMatch(/Apply complete! Resources: 1 added/);
    expect(await retention()).toBe(30);
    // the state has moved on: what was planned before it is nobody's plan any more
    await expect(apply(root, digest)).rejects.toThrow(/stale/);
  });

  it('refuses a plan that was exchanged beside the state', { timeout: 5 * minutes }, async () => {
    await writeFile(join(root.folder, 'main.tf'), configuration(60));
    const digest = await plan(root, { lock: true });
    await store(root);
    const other = join(folder, 'other');
    await writeFile(other, 'another plan');
    await run('aws', ['s3', 'cp', other, `s3://${bucket}/plans/${digest}.tfplan`]);
    await expect(apply(root, digest)).rejects.toThrow('nothing was applied');
    expect(await retention()).toBe(30);
    await writeFile(join(root.folder, 'main.tf'), configuration(30));
  });

  it('finds no drift, and what was changed by hand', { timeout: 5 * minutes }, async () => {
    await plan(root, { lock: false });
    expect(changesOf(await kept(root))).toEqual([]);
    await aws('logs', 'put-retention-policy', '--log-group-name=small', '--retention-in-days=7');
    await plan(root, { lock: false });
    expect(changesOf(await kept(root))).toEqual([{ address: 'aws_cloudwatch_log_group.this', actions: ['update'] }]);
  });

  it('plans beside a lock only where it may not write', { timeout: 5 * minutes }, async () => {
    await writeFile(join(folder, 'lock'), '{}');
    await run('aws', ['s3', 'cp', join(folder, 'lock'), `s3://${bucket}/small/terraform.tfstate.tflock`]);
    expect(await plan(root, { lock: false })).toMatch(/^[0-9a-f]{64}$/);
    await run('aws', ['s3', 'rm', `s3://${bucket}/small/terraform.tfstate.tflock`]);
  });

  it('shows a pull request what dev would become, what it costs, and that it keeps the policies', {
    timeout: 10 * minutes,
  }, async () => {
    const { steps } = await runJob('terraform-deploy.yml', 'plan', {
      contexts: {
        matrix: { environment: 'dev' },
        vars: { AWS_PLAN_ROLE: 'role', AWS_REGION: 'us-east-1' },
        github: { token: 'token', event: { number: 7 } },
      },
      env: { ...mock.environment, AWS_PROFILE: undefined },
      instead: {
        'actions/checkout': '',
        'hashicorp/setup-terraform': '',
        'aws-actions/configure-aws-credentials': '',
        Comment: 'cat report.md',
      },
    });
    const outcomes = steps.map(({ name, outcome, output }) => [name, outcome === 'success' ? '' : output]);
    expect(outcomes.filter(([, problem]) => problem !== '')).toEqual([]);
    const report = steps.at(-1)?.output ?? '';
    expect(report).toMatch(/^## Terraform, dev: \d{3} changes$/m);
    expect(report).toContain('- `+ module.platform.module.eks.aws_eks_cluster.this`');
    expect(report).toContain('### Policies, dev: kept');
    expect(report).toMatch(/### Cost, dev: \$0\.00 → \$\d+\.\d\d a month \(\+\$\d+\.\d\d\)/);
    // GitHub's longest comment
    expect(report.length).toBeLessThan(65_536);
  });
});

terraformSuite('the difference in cost', [], () => {
  it('is that of what is planned beside what stands', { timeout: 10 * minutes }, async () => {
    const planned = await planOf('dev');
    const whole = costDifference(planned);
    expect(whole.before).toBe(0);
    expect(whole.after).toBeGreaterThan(336);
    const standing = { ...planned, prior_state: { values: planned.planned_values } };
    expect(costDifference(standing as typeof planned)).toMatchObject({
      before: whole.after,
      after: whole.after,
      modules: [],
    });
    const without = structuredClone(planned.planned_values) as any;
    for (const each of without.root_module.child_modules) {
      each.child_modules = each.child_modules?.filter((one: any) => one.address !== 'module.platform.module.redis');
    }
    const { after, before, modules } = costDifference({
      ...planned,
      prior_state: { values: without },
    } as typeof planned);
    expect(modules.map(({ module, before: old }) => [module, old])).toEqual([['redis', 0]]);
    expect(after - before).toBeCloseTo(modules[0]?.after ?? 0);
  });
});

describe('the words', () => {
  it.each([[[]], [['plan']], [['plan', 'nowhere']], [['destroy', 'dev']], [['plan', 'dev', '--force']]])(
    '%j are refused with the usage',
    async (args) => {
      const { code, stderr } = await run(process.execPath, [
        join(import.meta.dirname, '../infrastructure.ts'),
        ...args,
      ]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('usage: node cicd/infrastructure.ts')]);
    },
  );
});

suite('what Terraform leaves in an environment', { needs: ['git'] }, () => {
  it('is nothing that git would take', async () => {
    const { stdout } = await run(
      'git',
      ['check-ignore', 'terraform/environments/dev/tfplan', 'terraform/environments/dev/.terraform/x'],
      {
        cwd: join(import.meta.dirname, '../..'),
      },
    );
    expect(stdout.trim().split('\n')).toHaveLength(2);
    expect(await readFile(join(dev, '.terraform.lock.hcl'), 'utf8')).toContain('hashicorp/aws');
  });
});
