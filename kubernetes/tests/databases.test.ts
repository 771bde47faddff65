import { run } from '@mlops/child-process';
import { needTool, startPostgres, suite } from '@mlops/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Manifest, render } from '../manifests.ts';

const names = `import os
from sqlalchemy import create_engine, text
with create_engine(os.environ["URI"]).connect() as connection:
    print(*connection.execute(text(
        "SELECT datname || '=' || pg_get_userbyid(datdba) FROM pg_database WHERE NOT datistemplate ORDER BY 1"
    )).scalars())
`;
const administrator = `import os
from sqlalchemy import create_engine, text
with create_engine(os.environ["URI"], isolation_level="AUTOCOMMIT").connect() as connection:
    connection.execute(text("CREATE ROLE rds LOGIN CREATEDB CREATEROLE"))
`;

suite('the job that makes databases', { needs: ['kubectl', 'mlops-python', 'postgres'] }, () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let script: string;
  let address: string;

  const python = async (program: string, env: Readonly<Record<string, string>>) => {
    const { code, stdout, stderr } = await run(needTool('mlops-python'), ['-c', program], {
      env: { ...process.env, ...env },
    });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return stdout.trim();
  };

  beforeAll(async () => {
    postgres = await startPostgres();
    address = new URL(postgres.url).host;
    const job = (await render('mlflow')).find(({ metadata }) => metadata.name === 'databases-v1') as Manifest;
    script = job.spec.template.spec.containers[0].command.at(-1);
    // what RDS gives its first user: it makes databases and roles, and is no superuser
    await python(administrator, { URI: `postgresql+psycopg2://mlops@${address}/postgres` });
  });

  afterAll(() => postgres.stop());

  it('makes those that are missing, gives Grafana its own, and changes nothing when it runs again', async () => {
    const env = {
      ADMINISTRATOR_URI: `postgresql+psycopg2://rds@${address}/postgres`,
      GRAFANA_DATABASE_URL: `postgres://grafana:it%27s%3A100%25%5Csecret@${address}/grafana`,
      DATABASES: 'feast platform',
    };
    for (let time = 1; time <= 2; time += 1) {
      await python(script, env);
      expect(await python(names, { URI: `postgresql+psycopg2://grafana@${address}/grafana` })).toBe(
        'feast=rds grafana=grafana platform=rds postgres=mlops',
      );
    }
  });
});
