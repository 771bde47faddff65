import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

interface Entry {
  readonly id: number;
  readonly number: number;
  readonly title: string;
  body: string;
  state: string;
}

/** GitHub cannot be had here: a server with the four calls that are made of it, by its documentation. */
describe('a report to the people on GitHub', () => {
  let entries: Entry[];
  let server: Server;
  let folder: string;

  const report = async (...args: string[]) => {
    const { port } = server.address() as AddressInfo;
    const { code, stdout, stderr } = await run(process.execPath, [join(import.meta.dirname, '../report.ts'), ...args], {
      cwd: folder,
      env: {
        ...process.env,
        GITHUB_API_URL: `http://127.0.0.1:${port}`,
        GITHUB_REPOSITORY: 'org/repository',
        GITHUB_TOKEN: 'token',
        GITHUB_STEP_SUMMARY: '',
      },
    });
    return { code, said: `${stdout}${stderr}` };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mlops-report-'));
    await writeFile(join(folder, 'report.md'), 'what was found');
    server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
        const body = (text ? JSON.parse(text) : {}) as Partial<Entry>;
        const answer = (value: unknown, status = 200) => response.writeHead(status).end(JSON.stringify(value));
        if (request.headers.authorization !== 'Bearer token') return answer({ message: 'Bad credentials' }, 401);
        if (request.method === 'GET') {
          const page = Number(searchParams.get('page'));
          return answer(entries.filter(({ state }) => state === 'open').slice((page - 1) * 100, page * 100));
        }
        if (request.method === 'POST') {
          const id = entries.length + 1;
          entries.push({ title: '', body: '', ...body, id, number: id, state: 'open' });
          return answer(entries.at(-1), 201);
        }
        const known = entries.find(({ id }) => id === Number(pathname.split('/').at(-1)));
        Object.assign(known ?? {}, body);
        return answer(known ?? {});
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  beforeEach(() => {
    entries = [];
  });

  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  it('is one comment for each title, wherever it stands among others', async () => {
    entries = Array.from({ length: 120 }, (_, index) => ({
      id: index + 1,
      number: 1,
      title: '',
      body: 'a word',
      state: 'open',
    }));
    const comment = (title: string) => report('comment', 'report.md', '--title', title, '--pull-request', '7');
    for (let time = 1; time <= 2; time += 1) expect(await comment('Terraform, dev')).toEqual({ code: 0, said: '' });
    await comment('Terraform, prod');
    expect(entries.slice(120).map(({ body }) => body)).toEqual([
      '<!-- Terraform, dev -->\nwhat was found',
      '<!-- Terraform, prod -->\nwhat was found',
    ]);
  });

  it('is one open issue, which ends when nothing is found any more', async () => {
    const issue = (...flags: string[]) => report('issue', 'report.md', '--title', 'Drift in dev', ...flags);
    await issue('--close');
    expect(entries).toEqual([]);
    await issue();
    await issue();
    expect(entries).toMatchObject([{ title: 'Drift in dev', body: 'what was found', state: 'open' }]);
    await issue('--close');
    expect(entries).toMatchObject([{ state: 'closed' }]);
  });

  it('is printed where there is no run to add it to, and refused where it names nobody', async () => {
    expect(await report('summary', 'report.md')).toEqual({ code: 0, said: 'what was found\n' });
    expect(await report('comment', 'report.md', '--title', 'x')).toMatchObject({ code: 2 });
    expect(await report('issue', 'report.md')).toMatchObject({
      code: 2,
      said: expect.stringContaining('--title is missing'),
    });
    expect(await readFile(join(folder, 'report.md'), 'utf8')).toBe('what was found');
  });
});
