/**
 * Takes a report to the people on GitHub: `node cicd/report.ts summary|comment|issue FILE`. What was written under the same title
 * before is replaced. Uses GITHUB_REPOSITORY and GITHUB_TOKEN as a workflow has them.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Misused, main } from './command-line.ts';

const USAGE = `usage: node cicd/report.ts summary FILE
       node cicd/report.ts comment FILE --title TITLE --pull-request NUMBER
       node cicd/report.ts issue FILE --title TITLE [--close]

summary   adds it to the summary of the workflow's run; elsewhere it is printed
comment   one comment for each title
issue     one open issue for each title; --close closes it, where there is one`;

/** https://docs.github.com/en/rest/issues/comments: the longest body. */
const LONGEST = 65_536;

interface Entry {
  readonly id: number;
  readonly number: number;
  readonly title?: string;
  readonly body: string | null;
}

/** Calls GitHub's REST interface. @throws with its words. */
async function github<T>(method: string, path: string, body?: object): Promise<T> {
  const {
    GITHUB_API_URL: api = 'https://api.github.com',
    GITHUB_REPOSITORY: repository,
    GITHUB_TOKEN: token,
  } = process.env;
  if (!repository || !token) throw new Misused('GITHUB_REPOSITORY and GITHUB_TOKEN are not set');
  const response = await fetch(`${api}/repos/${repository}/${path}`, {
    method,
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token}`,
      'x-github-api-version': '2022-11-28',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  });
  if (!response.ok) throw new Error(`GitHub, ${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

const PAGE = 100;

/** The first entry of a list that is so. */
async function find(path: string, isIt: (entry: Entry) => boolean): Promise<Entry | undefined> {
  for (let page = 1; ; page += 1) {
    const separator = path.includes('?') ? '&' : '?';
    const entries = await github<Entry[]>('GET', `${path}${separator}per_page=${PAGE}&page=${page}`);
    const found = entries.find(isIt);
    if (found || entries.length < PAGE) return found;
  }
}

async function comment(text: string, title: string, pullRequest: string): Promise<void> {
  const mark = `<!-- ${title} -->`;
  const known = await find(`issues/${pullRequest}/comments`, ({ body }) => body?.startsWith(mark) ?? false);
  const body = `${mark}\n${text}`.slice(0, LONGEST);
  if (known) await github('PATCH', `issues/comments/${known.id}`, { body });
  else await github('POST', `issues/${pullRequest}/comments`, { body });
}

async function issue(text: string, title: string, close: boolean): Promise<void> {
  const known = await find('issues?state=open', (one) => one.title === title);
  const body = text.slice(0, LONGEST);
  if (known) await github('PATCH', `issues/${known.number}`, close ? { state: 'closed' } : { body });
  else if (!close) await github('POST', 'issues', { title, body });
}

await main(USAGE, async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      title: { type: 'string', default: '' },
      'pull-request': { type: 'string', default: '' },
      close: { type: 'boolean', default: false },
    },
  });
  const [place, file, ...more] = positionals;
  const { title, 'pull-request': pullRequest, close } = values;
  if (file === undefined || more.length > 0) throw new Misused('one file is reported');
  if (place !== 'summary' && title === '') throw new Misused('--title is missing');
  // nothing was found where nothing was written
  const text = await readFile(file, 'utf8').catch(() => '');
  const summary = process.env['GITHUB_STEP_SUMMARY'];
  if (place === 'summary' && summary) await appendFile(summary, text);
  else if (place === 'summary') console.log(text);
  else if (place === 'issue') await issue(text, title, close);
  else if (place === 'comment' && /^\d+$/.test(pullRequest)) await comment(text, title, pullRequest);
  else throw new Misused(place === 'comment' ? '--pull-request is a number' : `there is no place "${place}"`);
  return 0;
});
