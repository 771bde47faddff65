import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;
const OWNER_ONLY = 0o600;

/** Where tokens are kept, by the address of their platform. */
function credentialsFile(env: Environment): string {
  return join(env.XDG_CONFIG_HOME ?? join(env.HOME ?? homedir(), '.config'), 'mlops', 'credentials.json');
}

function readAll(env: Environment): Record<string, string> {
  try {
    return JSON.parse(readFileSync(credentialsFile(env), 'utf8')) as Record<string, string>;
  } catch {
    // Nobody has signed in, or the file is of no use: then one signs in anew.
    return {};
  }
}

/** The token for a platform: MLOPS_TOKEN, else that of the last login there. */
export function tokenFor(env: Environment, url: string): string | undefined {
  const known = readAll(env);
  return env.MLOPS_TOKEN ?? (Object.hasOwn(known, url) ? known[url] : undefined);
}

/** Keeps a platform's token, readable by its owner alone; without one it is forgotten. */
export function keepToken(env: Environment, url: string, token: string | undefined): void {
  const { [url]: _former, ...others } = readAll(env);
  const path = credentialsFile(env);
  mkdirSync(dirname(path), { recursive: true });
  const all = token === undefined ? others : { ...others, [url]: token };
  writeFileSync(path, `${JSON.stringify(all, null, 2)}\n`, { mode: OWNER_ONLY });
}
