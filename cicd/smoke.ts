/**
 * Asks a running platform whether it does its work: `node cicd/smoke.ts ENVIRONMENT`. It must be ready, with every deployment that it
 * should serve, and let those be listed. MLOPS_URL, with MLOPS_TOKEN, names another platform than the environment's.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Misused, main } from './command-line.ts';
import { platformOf } from './platform.ts';

const USAGE =
  'usage: node cicd/smoke.ts ENVIRONMENT [--seconds SECONDS]\n\n--seconds   how long it may take to become ready (60)';

interface Deployments {
  readonly deployments: readonly { readonly name: string; readonly status: string }[];
}

await main(USAGE, async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: 'string', default: '60' } },
  });
  const [environment, ...more] = positionals;
  const seconds = Number(values.seconds);
  if (more.length > 0 || !(seconds > 0)) throw new Misused('one environment is asked, for a number of seconds');
  const { url, authorization } = await platformOf(environment);
  const ask = async (path: string) => {
    const response = await fetch(`${url}${path}`, {
      ...(authorization ? { headers: { authorization } } : {}),
      redirect: 'error',
      signal: AbortSignal.timeout(20_000),
    });
    return { status: response.status, text: await response.text() };
  };
  const isReady = async () => {
    const answer = await ask('/readyz').catch((error: Error) => ({ status: 0, text: error.message }));
    return answer.status === 200 ? undefined : `/readyz: ${answer.status} ${answer.text.slice(0, 300)}`;
  };
  const end = Date.now() + seconds * 1000;
  let problem = await isReady();
  while (problem !== undefined && Date.now() < end) {
    await sleep(1000);
    problem = await isReady();
  }
  if (problem !== undefined) throw new Error(`${url} is not ready: ${problem}`);
  console.log('ready');
  const { status, text } = await ask('/api/v1/deployments?limit=1000');
  if (status !== 200) throw new Error(`the deployments cannot be listed: ${status} ${text.slice(0, 300)}`);
  const { deployments } = JSON.parse(text) as Deployments;
  for (const { name, status: state } of deployments) console.log(`${name}: ${state}`);
  return 0;
});
