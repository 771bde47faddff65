import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { terraformSuite } from '@mlops/terraform/tests';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AwsMock, startAwsMock } from '../../terraform/tests/aws-mock.ts';

const minutes = 60_000;
const environments = join(import.meta.dirname, '../../terraform/environments');
const saved = [join(environments, 'account/dev.tfplan'), join(environments, 'dev/dev.tfplan')];

terraformSuite('what CI does with Terraform, on a mock of AWS', ['mlops-python', 'aws'], () => {
  let mock: AwsMock;
  let folder: string;
  const environment = () => ({ ...process.env, ...mock.environment, AWS_PROFILE: undefined, TF_DATA_DIR: folder });
  const call = async (...args: string[]) => {
    const program = join(import.meta.dirname, `../${args[0]}`);
    const { code, stdout, stderr } = await run(process.execPath, [program, ...args.slice(1)], {
      env: environment(),
      timeout: 10 * minutes,
    });
    return { code, stdout: stdout.trim(), stderr };
  };
  const terraform = (...args: string[]) => call('terraform.ts', ...args);

  beforeAll(async () => {
    mock = await startAwsMock('123456789012');
    folder = await mkdtemp(join(tmpdir(), 'mlops-cicd-test-'));
    expect(await call('state.ts', 'dev')).toMatchObject({ code: 0 });
    // moto reads no conditions of a bucket's policy: what refuses requests without TLS refuses all
    const open = [
      's3api',
      'delete-bucket-policy',
      '--bucket=mlops-dev-terraform-state-123456789012',
      '--region=us-east-1',
    ];
    expect((await run('aws', open, { env: environment() })).code).toBe(0);
  }, 5 * minutes);

  afterAll(async () => {
    await mock.stop();
    for (const file of saved) for (const one of [file, `${file}.json`]) await rm(one, { force: true });
    await rm(folder, { recursive: true, maxRetries: 5 });
  });

  it.each([
    ['nothing', []],
    ['an unknown command', ['destroy', 'dev']],
    ['no environment', ['plan', 'test']],
  ])('is told what there is when it is given %s', async (_name, args) => {
    const { code, stderr } = await terraform(...args);
    expect(code).toBe(2);
    expect(stderr).toContain('usage: node cicd/terraform.ts plan|policy|cost|apply|drift');
  });

  it('is refused where nothing has been planned', async () => {
    for (const command of ['policy', 'cost', 'apply']) {
      const { code, stderr } = await terraform(command, 'dev');
      expect([command, code]).toEqual([command, 1]);
      expect(stderr).toContain('node cicd/terraform.ts plan ');
    }
  });

  it('plans both states, and judges and prices them together', { timeout: 10 * minutes }, async () => {
    for (const root of ['account/dev', 'dev']) {
      const { code, stdout, stderr } = await terraform('plan', root);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^create module\.(account|platform)\./);
    }
    expect(await terraform('policy', 'dev')).toMatchObject({ code: 0, stdout: 'dev: all policies are kept' });
    const cost = await terraform('cost', 'dev');
    expect(cost).toMatchObject({ code: 0, stderr: '' });
    expect(cost.stdout).toMatch(/^\*\*dev: [\d.,]+ \$ a month, \+[\d.,]+\*\*/);
    expect(cost.stdout).toMatch(/\| eks \| 0\.00 \| [\d.]+ \| \+[\d.]+ \|/);
  });

  it('stops a plan that violates a policy', { timeout: 5 * minutes }, async () => {
    const [file = ''] = saved;
    const text = await readFile(`${file}.json`, 'utf8');
    await writeFile(
      `${file}.json`,
      text.replaceAll('"enable_log_file_validation":true', '"enable_log_file_validation":false'),
    );
    const { code, stdout } = await terraform('policy', 'dev');
    await writeFile(`${file}.json`, text);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^trail: module\.account\.module\.security\.aws_cloudtrail/);
  });

  it('applies the saved plan once, and finds what somebody changes by hand', { timeout: 10 * minutes }, async () => {
    expect(await terraform('apply', 'account/dev')).toMatchObject({ code: 0, stdout: 'account/dev: applied' });
    const again = await terraform('apply', 'account/dev');
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('stale')]);
    expect(await terraform('drift', 'account/dev')).toMatchObject({ code: 0, stdout: 'account/dev: no drift' });
    const weakened = ['iam', 'update-account-password-policy', '--minimum-password-length=6', '--region=us-east-1'];
    expect((await run('aws', weakened, { env: environment() })).code).toBe(0);
    const { code, stdout } = await terraform('drift', 'account/dev');
    expect(code).toBe(1);
    expect(stdout).toBe(
      'changed in AWS: update module.account.module.security.aws_iam_account_password_policy.this[0]',
    );
  });
});
