import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { suite } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AwsMock, startAwsMock } from '../../terraform/tests/aws-mock.ts';
import { account } from '../preflight/account.ts';
import { type Check, type Context, contextOf } from '../preflight/check.ts';
import { cluster } from '../preflight/cluster.ts';
import { machine } from '../preflight/machine.ts';

const variables = `account_id = "123456789012"
node_instance_types   = ["m5.xlarge", "m5a.xlarge"]
node_desired_capacity = 3
enable_spot_instances = true
access_entries = {
  administrators = { principal_arn = "arn:aws:iam::123456789012:role/platform-administrators" }
}
domain = "dev.mlops.test"
`;

const named = (checks: readonly Check[], part: string) => {
  const found = checks.find(({ title }) => title.includes(part));
  if (!found) throw new Error(`no check ${part}`);
  return found;
};

describe('what a machine lacks', () => {
  const context = (more: Partial<Context>): Context => ({
    environment: 'dev',
    settings: { name: 'mlops-dev', account_id: '222222222222' } as Context['settings'],
    variables,
    ask: () => Promise.resolve({ code: 0, stdout: '99.0', stderr: '' }),
    aws: () => Promise.resolve({}),
    ...more,
  });

  it('is said by program and version', async () => {
    const { look } = named(machine, 'programs');
    expect(await look(context({}))).toEqual([]);
    const found = await look(
      context({
        ask: (program) =>
          Promise.resolve({
            code: program === 'kubectl' ? 127 : 0,
            stdout: program === 'terraform' ? 'Terraform v1.9.8' : 'v5.0',
            stderr: '',
          }),
      }),
    );
    expect(found.map(({ what }) => what)).toEqual(['terraform 1.9 is too old', 'kubectl does not start']);
  });

  it('is said of settings that are still examples, or of two accounts', async () => {
    const { look } = named(machine, 'yours');
    expect((await look(context({}))).map(({ what }) => what)).toEqual([
      expect.stringContaining('"123456789012", :iam::123456789012:'),
      'roles of another account than 222222222222 are named',
    ]);
    const own = variables.replaceAll('123456789012', '222222222222');
    expect(await look(context({ variables: own }))).toEqual([]);
  });
});

suite('what an account lacks, asked by the AWS command line', { needs: ['aws', 'mlops-python'] }, () => {
  let mock: AwsMock;
  let folder: string;
  let context: Context;
  // the command line takes an empty profile for one that it does not find
  const environment = () => ({ ...process.env, ...mock.environment, AWS_PROFILE: undefined });
  const aws = async (...args: string[]) => {
    const { code, stderr } = await run('aws', [...args, '--region=us-east-1'], {
      env: environment(),
    });
    expect(stderr).toBe('');
    expect(code).toBe(0);
  };
  const look = async (checks: readonly Check[], part: string) =>
    (await named(checks, part).look(context)).map(({ what }) => what);

  beforeAll(async () => {
    mock = await startAwsMock('123456789012');
    folder = await mkdtemp(join(tmpdir(), 'mlops-preflight-'));
    context = await contextOf('dev', variables, environment());
  });

  afterAll(async () => {
    await mock.stop();
    await rm(folder, { recursive: true });
  });

  it('is nothing about who is asking, and all of the rest while the account is empty', {
    timeout: 240_000,
  }, async () => {
    expect(await look(account, 'signed in')).toEqual([]);
    expect(await look(account, 'bucket')).toEqual(['there is no bucket mlops-dev-terraform-state-123456789012']);
    expect(await look(account, 'spot')).toEqual(['there is no service-linked role of EC2 Spot']);
    expect(await look(account, 'roles of people')).toEqual(['there is no role platform-administrators']);
    expect(await look(account, 'nobody else')).toEqual([]);
    expect(await look(cluster, 'secrets')).toContain('mlops/dev/platform-database has no content');
    expect(await look(cluster, 'images')).toEqual([
      'mlops/platform-api:0.1.0 is not there',
      'mlops/inference:0.1.0 is not there',
      'mlops/flink:0.1.0 is not there',
    ]);
    expect(await look(cluster, 'parent domain')).toEqual([expect.stringContaining('there is no zone')]);
  });

  it('is said of a bucket that keeps no versions, and no more when it does', { timeout: 240_000 }, async () => {
    const bucket = '--bucket=mlops-dev-terraform-state-123456789012';
    await aws('s3api', 'create-bucket', bucket);
    expect(await look(account, 'bucket')).toEqual([expect.stringContaining('keeps no versions')]);
    // the second run finds all as the first has left it
    for (let time = 1; time <= 2; time += 1) {
      const program = join(import.meta.dirname, '../state.ts');
      const { code, stdout, stderr } = await run(process.execPath, [program, 'dev'], { env: environment() });
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout.trim()).toBe('terraform init -backend-config=bucket=mlops-dev-terraform-state-123456789012');
    }
    expect(await look(account, 'bucket')).toEqual([]);
    const { stdout } = await run('aws', ['s3api', 'get-bucket-encryption', bucket], { env: environment() });
    expect(stdout).toContain('aws:kms');
    // the state outlives its region
    const replication = await run('aws', ['s3api', 'get-bucket-replication', bucket], { env: environment() });
    expect(replication.stdout).toContain('arn:aws:s3:::mlops-dev-terraform-state-123456789012-copy');
    const copy = [`${bucket}-copy`, '--region=us-west-2'];
    for (const what of ['versioning', 'encryption', 'policy']) {
      const { code } = await run('aws', ['s3api', `get-bucket-${what}`, ...copy], { env: environment() });
      expect([what, code]).toEqual([what, 0]);
    }
  });

  it('is no role that has been made', async () => {
    const trust = join(folder, 'trust.json');
    await writeFile(trust, JSON.stringify({ Version: '2012-10-17', Statement: [] }));
    await aws(
      'iam',
      'create-role',
      '--role-name=platform-administrators',
      `--assume-role-policy-document=file://${trust}`,
    );
    expect(await look(account, 'roles of people')).toEqual([]);
  });

  it('is a recorder and a detector that the organisation has, unless the settings leave them to it', async () => {
    const role = 'arn:aws:iam::123456789012:role/control-tower';
    await aws('configservice', 'put-configuration-recorder', `--configuration-recorder=name=default,roleARN=${role}`);
    await aws('guardduty', 'create-detector', '--enable');
    expect(await look(account, 'nobody else')).toEqual([
      'AWS Config has a recorder already',
      'GuardDuty has a detector already',
    ]);
    context = { ...context, variables: `${variables}baseline = ["security_hub"]\n` };
    expect(await look(account, 'nobody else')).toEqual([]);
  });

  it('is a secret until it has a value', { timeout: 240_000 }, async () => {
    const name = 'mlops/dev/grafana';
    await aws('secretsmanager', 'create-secret', `--name=${name}`);
    expect(await look(cluster, 'secrets')).toContain(`${name} has no content`);
    await aws('secretsmanager', 'put-secret-value', `--secret-id=${name}`, '--secret-string={}');
    expect(await look(cluster, 'secrets')).not.toContain(`${name} has no content`);
  });

  it('is too few processors, where the quota says so', async () => {
    const few: Context = { ...context, aws: () => Promise.resolve({ Quota: { Value: 5 } }) };
    expect((await named(account, 'processors').look(few)).map(({ what }) => what)).toEqual([
      '12 virtual processors spot are needed at the start, and 5 allowed',
    ]);
    const many: Context = { ...context, aws: () => Promise.resolve({ Quota: { Value: 64 } }) };
    expect(await named(account, 'processors').look(many)).toEqual([]);
  });
});
