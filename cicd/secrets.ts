/**
 * Fills the secrets that Terraform leaves empty: `node cicd/secrets.ts ENVIRONMENT`. Passwords are made here and shown to nobody
 * but Secrets Manager; what others give out (PagerDuty's key, Slack's address) comes from MLOPS_PAGERDUTY_KEY and MLOPS_SLACK_URL.
 * A secret that has a value is left alone. Also makes Redshift's user `feast`. Needs the AWS command line, and is called after
 * `terraform apply`. It exits with 0, with 1 where something failed, and with 2 where it was called wrongly.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { type Environment, environments } from '../kubernetes/manifests.ts';
import { type Settings, settingsOf } from '../kubernetes/settings.ts';

/** Runs the AWS command line in the environment's region. @throws with its own words where AWS says no. */
export type Aws = (args: readonly string[]) => Promise<unknown>;

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const SECRET_BYTES = 65_536;
const random = () => randomBytes(24).toString('base64url');

/**
 * A line of an htpasswd file that NGINX reads without help of the C library: a salted SHA-1, which is enough for a password of
 * 192 random bits. https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html
 */
function htpasswd(user: string, password: string): string {
  const salt = randomBytes(8);
  const digest = createHash('sha1').update(password).update(salt).digest();
  return `${user}:{SSHA}${Buffer.concat([digest, salt]).toString('base64')}`;
}

/** What each empty secret gets; undefined where it must come from somebody else and has not. */
function contents(
  database: { readonly host: string; readonly port: string },
  env: NodeJS.ProcessEnv,
): Readonly<Record<string, () => Record<string, string> | undefined>> {
  return {
    grafana: () => ({
      admin_password: random(),
      secret_key: random(),
      database_url: `postgres://grafana:${random()}@${database.host}:${database.port}/grafana`,
    }),
    'edge-users': () => {
      const password = random();
      return { htpasswd: htpasswd('admin', password), user: 'admin', password };
    },
    'alert-receivers': () => {
      const { MLOPS_PAGERDUTY_KEY: key, MLOPS_SLACK_URL: url } = env;
      return key && url ? { pagerduty_key: key, slack_url: url } : undefined;
    },
  };
}

/**
 * Fills what is empty.
 * @param bundle fetches the certificates of the region's databases
 * @returns a line for each secret: what was done with it
 */
export async function fillSecrets(
  environment: Environment,
  { region }: Pick<Settings, 'region'>,
  aws: Aws,
  bundle: (region: string) => Promise<string>,
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const prefix = `mlops/${environment}`;
  const valueOf = async (name: string) => {
    const found = await aws(['secretsmanager', 'get-secret-value', `--secret-id=${name}`]).catch(() => undefined);
    return (found as { SecretString?: string } | undefined)?.SecretString;
  };
  const put = async (verb: string, flag: string, name: string, value: string) => {
    // by a file of our own, because every process of the machine can read another's arguments
    const folder = await mkdtemp(join(tmpdir(), 'mlops-secret-'));
    try {
      const file = join(folder, 'value');
      await writeFile(file, value, { mode: 0o600 });
      await aws(['secretsmanager', verb, `--${flag}=${name}`, `--secret-string=file://${file}`]);
    } finally {
      await rm(folder, { recursive: true });
    }
  };
  const connection = await valueOf(`${prefix}/mlflow-database`);
  if (!connection) throw new Error(`${prefix}/mlflow-database has no content: terraform apply comes first`);
  const lines: string[] = [];
  for (const [key, make] of Object.entries(contents(JSON.parse(connection) as { host: string; port: string }, env))) {
    const name = `${prefix}/${key}`;
    if (await valueOf(name)) lines.push(`${name}: has a value`);
    else {
      const value = make();
      if (value) await put('put-secret-value', 'secret-id', name, JSON.stringify(value));
      lines.push(`${name}: ${value ? 'filled' : 'still empty: set MLOPS_PAGERDUTY_KEY and MLOPS_SLACK_URL'}`);
    }
  }
  const certificates = 'mlops/rds-ca-bundle';
  if (await valueOf(certificates)) lines.push(`${certificates}: has a value`);
  else {
    const text = await bundle(region);
    if (!text.includes('BEGIN CERTIFICATE') || Buffer.byteLength(text) > SECRET_BYTES)
      throw new Error(`${certificates}: what was fetched is no bundle of at most ${SECRET_BYTES} bytes`);
    await put('create-secret', 'name', certificates, text);
    lines.push(`${certificates}: made`);
  }
  return lines;
}

/** Amazon's certificates of the databases of one region. @throws where they cannot be fetched. */
async function regionalBundle(region: string): Promise<string> {
  const url = `https://truststore.pki.rds.amazonaws.com/${region}/${region}-bundle.pem`;
  const response = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.text();
}

/** Makes Redshift's user of the feature store, who has the database and no more. @throws with Redshift's words. */
export async function makeWarehouseUser(cluster: string, aws: Aws): Promise<void> {
  const statements = [
    'CREATE USER feast PASSWORD DISABLE',
    'GRANT CREATE, TEMPORARY ON DATABASE features TO feast',
    'GRANT ALL ON SCHEMA public TO feast',
  ];
  for (const sql of statements) {
    const { Id: id } = (await aws([
      'redshift-data',
      'execute-statement',
      `--cluster-identifier=${cluster}`,
      '--database=features',
      '--db-user=mlops',
      `--sql=${sql}`,
    ])) as { Id: string };
    for (;;) {
      const answer = (await aws(['redshift-data', 'describe-statement', `--id=${id}`])) as {
        Status: string;
        Error?: string;
      };
      if (answer.Status === 'FINISHED' || answer.Error?.includes('already exists')) break;
      if (['FAILED', 'ABORTED'].includes(answer.Status)) throw new Error(`${sql}: ${answer.Error ?? answer.Status}`);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
  }
}

if (import.meta.main) {
  const environment = environments.find((name) => name === process.argv[2]);
  if (!environment || process.argv.length !== 3) {
    console.error(`usage: node cicd/secrets.ts ${environments.join('|')}`);
    process.exit(2);
  }
  const settings = await settingsOf(environment);
  const aws: Aws = async (args) => {
    const { code, stdout, stderr } = await run('aws', [...args, `--region=${settings.region}`, '--output=json']);
    if (code !== 0) throw new Error(`aws ${args.slice(0, 2).join(' ')}: ${stderr.trim()}`);
    return JSON.parse(stdout || '{}') as unknown;
  };
  try {
    for (const line of await fillSecrets(environment, settings, aws, regionalBundle, process.env)) console.log(line);
    await makeWarehouseUser(`${settings.name}-offline`, aws);
    console.log("Redshift's user feast: there");
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
