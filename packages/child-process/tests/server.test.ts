import { describe, expect, it } from 'vitest';
import { run, startServer } from '../src/index.ts';

const server = (script: string, ready: string | RegExp, seconds?: number) =>
  startServer(process.execPath, ['-e', script], ready, seconds === undefined ? {} : { seconds });
const LISTEN = `require('http').createServer((_, answer) => answer.end('yes')).listen(0, '127.0.0.1',`;

describe('a server that is started', () => {
  it('is ready when its output says so, or when its address answers, and stops', { timeout: 60_000 }, async () => {
    const first = await server(
      `${LISTEN} function () { console.log('at ' + this.address().port + '.') })`,
      /at (\d+)\./,
    );
    const url = `http://127.0.0.1:${first.line?.[1]}`;
    expect(await (await fetch(url)).text()).toBe('yes');
    const second = await server('setInterval(() => {}, 1000)', url);
    expect(second.line).toBeUndefined();
    await Promise.all([first.stop(), second.stop()]);
    await first.stop();
    await expect(fetch(url)).rejects.toThrow();
  });

  it('tells what it printed where it ends, is not ready in time, or is not there', { timeout: 60_000 }, async () => {
    await expect(server('console.error("no disk"); process.exit(3)', /never/)).rejects.toThrow(/ended with 3: no disk/);
    const silent = server('console.log(process.pid); setInterval(() => {}, 1000)', /never/, 1);
    const message = await silent.then(String, (error: Error) => error.message);
    const [, pid = ''] = /was not ready within 1 s: (\d+)/.exec(message) ?? [];
    expect((await run('ps', ['-o', 'stat=', '-p', pid])).stdout.trim()).toMatch(/^Z?$/);
    await expect(startServer('no-such-program', [], /never/)).rejects.toThrow('ENOENT');
  });
});
