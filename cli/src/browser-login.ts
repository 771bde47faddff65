import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, type Connection } from './connection.ts';

interface Waiting {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}

/**
 * Gets a session for this command line, which somebody lets in who signs in with their browser (in the manner of RFC 8628).
 * @param say tells them where, and under which code
 * @param opens whether the browser of this machine is opened
 */
export async function loginByBrowser(
  connection: Connection,
  { say, opens }: { say: (text: string) => void; opens: boolean },
): Promise<string> {
  const waiting = await connection.json<Waiting>('/login/command-line', {});
  say(`Open ${waiting.verification_uri_complete} and let the code ${waiting.user_code} in.\n`);
  if (opens) open(waiting.verification_uri_complete);
  const until = Date.now() + waiting.expires_in * 1000;
  while (Date.now() < until) {
    await sleep(waiting.interval * 1000);
    const { access_token, error } = await poll(connection, waiting.device_code);
    if (access_token !== undefined) return access_token;
    if (error !== 'authorization_pending') break;
  }
  throw new CommandError('Nobody has let this command line in; start again.');
}

async function poll({ url }: Connection, device_code: string): Promise<{ access_token?: string; error?: string }> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ device_code });
  const answer = await fetch(`${url}/login/command-line/token`, { method: 'POST', headers, body });
  return (await answer.json()) as { access_token?: string; error?: string };
}

/** Where no browser can be opened, the address has been told. */
function open(address: string): void {
  const program = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open';
  spawn(program, [address], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
