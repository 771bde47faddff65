import { run } from '@mlops/child-process';
import { settingsOf } from '../kubernetes/settings.ts';
import { environmentOf, Misused } from './command-line.ts';

/** Where a platform is, and what it is called with. */
export interface Platform {
  readonly url: string;
  /** The header `authorization`; undefined where nobody is asked who one is. */
  readonly authorization: string | undefined;
}

/** What Secrets Manager keeps for the edge of an environment. @throws with AWS's words. */
async function edgeUser(environment: string, region: string): Promise<{ user: string; password: string }> {
  const { code, stdout, stderr } = await run('aws', [
    'secretsmanager',
    'get-secret-value',
    `--secret-id=mlops/${environment}/edge-users`,
    `--region=${region}`,
    '--query=SecretString',
    '--output=text',
  ]);
  if (code !== 0) throw new Error(`aws secretsmanager get-secret-value: ${stderr.trim()}`);
  return JSON.parse(stdout) as { user: string; password: string };
}

/**
 * The platform at MLOPS_URL, with MLOPS_TOKEN or nothing; else that of an environment, at its domain, with the user that the edge
 * knows. @throws where neither is named, or the user cannot be had.
 */
export async function platformOf(name: string | undefined): Promise<Platform> {
  const { MLOPS_URL: url, MLOPS_TOKEN: token } = process.env;
  if (url) return { url: url.replace(/\/+$/, ''), authorization: token ? `Bearer ${token}` : undefined };
  if (name === undefined) throw new Misused('--environment is missing, and MLOPS_URL is not set');
  const environment = environmentOf(name);
  const { domain, region } = await settingsOf(environment);
  const { user, password } = await edgeUser(environment, region);
  return { url: `https://${domain}`, authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
