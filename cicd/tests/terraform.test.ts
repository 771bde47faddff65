import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { terraformSuite } from '@mlops/terraform/tests';
import { suite } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AwsMock, startAwsMock } from '../../terraform/tests/aws-mock.ts';
import { apply, changesOf, described, kept, plan, type Root, store } from '../terraform/steps.ts';
import { runJob } from './workflow-runner.ts';

const account = '123456789012';
const bucket = `mlops-dev-terraform-state-${account}`;
const repository = join(import.meta.dirname, '../..');
const environments = join(repository, 'terraform/environments');
const minutes = 60_000;

/** A program of cicd/, as people and pipelines start it. */
const call = (program: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
  run(process.execPath, [join(import.meta.dirname, '..', program), ...args], {
    env: { ...process.env, ...more },
    timeout: 10 * minutes,
  });
const terraform = (...args: string[]) => call('terraform.ts', args);

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
    return stdout.trim() === '' ? {} : (JSON.parse(stdout) as Record<string, any>);
  };
  const retention = async () => (await aws('logs', 'describe-log-groups'))['logGroups'][0]?.retentionInDays;
  const forget = async () => {
    for (const file of ['dev/dev.tfplan', 'account/dev.tfplan']) await rm(join(environments, file), { force: true });
  };

  beforeAll(async () => {
    mock = await startAwsMock(account);
    // the command line takes an empty profile for one that it does not find
    Object.assign(process.env, mock.environment);
    delete process.env['AWS_PROFILE'];
    await forget();
    expect(await call('state.ts', ['dev'])).toMatchObject({ code: 0 });
    // moto reads no conditions of a bucket's policy: what refuses requests without TLS refuses all
    await aws('s3api', 'delete-bucket-policy', `--bucket=${bucket}`);
    folder = await mkdtemp(join(tmpdir(), 'mlops-root-'));
    root = {
      name: 'small',
      folder: join(folder, 'small'),
      bucket,
      region: 'us-east-1',
      planFile: 'small.tfplan',
      settings: [],
    };
    await mkdir(root.folder);
    await copyFile(join(environments, 'dev/.terraform.lock.hcl'), join(root.folder, '.terraform.lock.hcl'));
    await writeFile(join(root.folder, 'main.tf'), configuration(30));
  }, 5 * minutes);

  afterAll(async () => {
    await forget();
    for (const one of ['dev', 'account'])
      await rm(join(environments, one, '.terraform'), { recursive: true, force: true });
    await rm(folder, { recursive: true });
    await mock.stop();
  });

  it('applies the plan that was stored, by its digest, and no other', { timeout: 5 * minutes }, async () => {
    const digest = await plan(root, { lock: true });
    expect(changesOf(await kept(root))).toEqual([{ address: 'aws_cloudwatch_log_group.this', actions: ['create'] }]);
    expect(await described(root)).toContain('1 to add');
    expect(await store(root)).toBe(digest);
    await rm(join(root.folder, 'small.tfplan'));
    await expect(apply(root)).rejects.toThrow('first: node cicd/terraform.ts plan small');
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
    await aws('s3', 'cp', '--only-show-errors', other, `s3://${bucket}/plans/${digest}.tfplan`);
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
    const lock = `s3://${bucket}/small/terraform.tfstate.tflock`;
    await writeFile(join(folder, 'lock'), '{}');
    await aws('s3', 'cp', '--only-show-errors', join(folder, 'lock'), lock);
    expect(await plan(root, { lock: false })).toMatch(/^[0-9a-f]{64}$/);
    await aws('s3', 'rm', '--only-show-errors', lock);
  });

  it('judges, prices and applies nothing that was not planned', async () => {
    for (const step of ['policy', 'cost', 'apply']) {
      const { code, stderr } = await terraform(step, 'dev');
      const first = step === 'apply' ? 'dev' : 'account/dev';
      expect([step, code, stderr.trim()]).toEqual([
        step,
        1,
        `no plan of ${first} is kept; first: node cicd/terraform.ts plan ${first}`,
      ]);
    }
  });

  it('shows a pull request what dev and its account would become, what both cost, and that they keep the policies', {
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
    expect(report).toMatch(/^## Terraform, account\/dev: \d{3} changes$/m);
    expect(report).toContain('- `+ module.account.module.security.aws_cloudtrail.this');
    expect(report).toMatch(/^## Terraform, dev: \d{3} changes$/m);
    expect(report).toContain('- `+ module.platform.module.eks.aws_eks_cluster.this`');
    expect(report).toContain('### Policies, dev: kept');
    expect(report).toMatch(/### Cost\n\n\*\*dev: [\d.,]+ \$ a month, \+[\d.,]+\*\*/);
    expect(report).toMatch(/\| eks \| 0\.00 \| [\d.]+ \| \+[\d.]+ \|/);
    // GitHub's longest comment
    expect(report.length).toBeLessThan(65_536);
  });

  it("applies an account's plan once, and finds what somebody changes by hand", { timeout: 10 * minutes }, async () => {
    const { code, stdout, stderr } = await terraform('apply', 'account/dev');
    expect([code, stderr, stdout]).toEqual([0, '', expect.stringContaining('account/dev: Apply complete!')]);
    const again = await terraform('apply', 'account/dev');
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('terraform.ts plan account/dev')]);
    const none = await terraform('drift', 'account/dev');
    expect([none.code, none.stderr, none.stdout.trim()]).toEqual([
      0,
      '',
      '## account/dev is as its configuration says',
    ]);
    await aws('iam', 'update-account-password-policy', '--minimum-password-length=6');
    const found = await terraform('drift', 'account/dev');
    expect(found.code).toBe(1);
    expect(found.stdout).toContain(
      '- changed in AWS: `~ module.account.module.security.aws_iam_account_password_policy.this[0]`',
    );
  });

  it('stops a plan that violates a policy', { timeout: 5 * minutes }, async () => {
    const spotless = { TF_CLI_ARGS_plan: '-var=enable_spot_instances=false' };
    expect(await call('terraform.ts', ['plan', 'dev'], spotless)).toMatchObject({ code: 0 });
    const { code, stdout } = await terraform('policy', 'dev');
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('- **compute-on-spot** `the plan` has 0 % of its compute on spot'),
    ]);
  });
});

describe('the words', () => {
  it.each([[[]], [['plan']], [['plan', 'nowhere']], [['destroy', 'dev']], [['plan', 'dev', '--force']]])(
    '%j are refused with the usage',
    async (args) => {
      const { code, stderr } = await terraform(...args);
      expect([code, stderr]).toEqual([2, expect.stringContaining('usage: node cicd/terraform.ts STEP ROOT')]);
    },
  );
});

suite('what Terraform leaves in an environment', { needs: ['git'] }, () => {
  it('is nothing that git would take', async () => {
    const left = ['dev/tfplan', 'dev/dev.tfplan', 'account/dev.tfplan', 'dev/.terraform/x'];
    const { stdout } = await run('git', ['check-ignore', ...left], { cwd: environments });
    expect(stdout.trim().split('\n')).toEqual(left);
    expect(await readFile(join(environments, 'dev/.terraform.lock.hcl'), 'utf8')).toContain('hashicorp/aws');
  });
});
