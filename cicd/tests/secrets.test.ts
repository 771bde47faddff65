import { createHash } from 'node:crypto';
import { run } from '@mlops/child-process';
import { suite } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AwsMock, startAwsMock } from '../../terraform/tests/aws-mock.ts';
import { type Aws, fillSecrets, makeWarehouseUser } from '../secrets.ts';

const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

suite('the secrets that Terraform leaves empty', { needs: ['aws', 'mlops-python'] }, () => {
  let mock: AwsMock;
  const aws: Aws = async (args) => {
    const env = { ...process.env, ...mock.environment, AWS_PROFILE: undefined };
    const { code, stdout, stderr } = await run('aws', [...args, '--region=us-east-1', '--output=json'], { env });
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout || '{}') as unknown;
  };
  const value = async (name: string) =>
    ((await aws(['secretsmanager', 'get-secret-value', `--secret-id=${name}`])) as { SecretString: string })
      .SecretString;
  const fill = (env: NodeJS.ProcessEnv, bundle = () => Promise.resolve(certificate)) =>
    fillSecrets('dev', { region: 'us-east-1' }, aws, bundle, env);

  beforeAll(async () => {
    mock = await startAwsMock('123456789012');
    for (const key of ['grafana', 'edge-users', 'alert-receivers'])
      await aws(['secretsmanager', 'create-secret', `--name=mlops/dev/${key}`]);
  });

  afterAll(() => mock.stop());

  it('wait for Terraform, and for a bundle that fits', { timeout: 120_000 }, async () => {
    await expect(fill({})).rejects.toThrow('terraform apply comes first');
    const connection = JSON.stringify({ host: 'db.internal', port: '5432' });
    await aws(['secretsmanager', 'create-secret', '--name=mlops/dev/mlflow-database', `--secret-string=${connection}`]);
    await expect(fill({}, () => Promise.resolve(certificate.repeat(1_500)))).rejects.toThrow('at most 65536 bytes');
  });

  it('are filled once, and what others give out is asked for', { timeout: 240_000 }, async () => {
    expect(await fill({})).toEqual([
      'mlops/dev/grafana: has a value',
      'mlops/dev/edge-users: has a value',
      'mlops/dev/alert-receivers: still empty: set MLOPS_PAGERDUTY_KEY and MLOPS_SLACK_URL',
      'mlops/rds-ca-bundle: made',
    ]);
    expect(await value('mlops/rds-ca-bundle')).toBe(certificate);
    expect(JSON.parse(await value('mlops/dev/grafana'))).toEqual({
      admin_password: expect.stringMatching(/^[\w-]{32}$/),
      secret_key: expect.stringMatching(/^[\w-]{32}$/),
      database_url: expect.stringMatching(/^postgres:\/\/grafana:[\w-]{32}@db\.internal:5432\/grafana$/),
    });
    const { htpasswd, password } = JSON.parse(await value('mlops/dev/edge-users')) as Record<string, string>;
    const [, encoded = ''] = (htpasswd ?? '').split('{SSHA}');
    const bytes = Buffer.from(encoded, 'base64');
    const expected = createHash('sha1')
      .update(password ?? '')
      .update(bytes.subarray(20))
      .digest();
    expect(bytes.subarray(0, 20)).toEqual(expected);
    const before = await value('mlops/dev/grafana');
    const again = await fill({ MLOPS_PAGERDUTY_KEY: 'key', MLOPS_SLACK_URL: 'https://hooks.slack.test/1' });
    expect(again).toContain('mlops/dev/alert-receivers: filled');
    expect(await value('mlops/dev/grafana')).toBe(before);
  });
});

describe("Redshift's user", () => {
  const asked: string[] = [];
  const answering =
    (statement: object): Aws =>
    (args) => {
      const sql = args.find((one) => one.startsWith('--sql='))?.slice('--sql='.length);
      if (sql) asked.push(sql);
      return Promise.resolve(sql ? { Id: '1' } : statement);
    };

  it('is made and gets the database, and may be there already', async () => {
    await makeWarehouseUser('mlops-dev-offline', answering({ Status: 'FINISHED' }));
    expect(asked.map((sql) => sql.split(' ').slice(0, 2).join(' '))).toEqual([
      'CREATE USER',
      'GRANT CREATE,',
      'GRANT ALL',
    ]);
    await makeWarehouseUser('c', answering({ Status: 'FAILED', Error: 'ERROR: user "feast" already exists' }));
  });

  it('is not made where Redshift says no', async () => {
    const refused = answering({ Status: 'FAILED', Error: 'permission denied' });
    await expect(makeWarehouseUser('c', refused)).rejects.toThrow(
      'CREATE USER feast PASSWORD DISABLE: permission denied',
    );
  });
});
