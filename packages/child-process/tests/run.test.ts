import { describe, expect, it } from 'vitest';
import { run } from '../src/index.ts';

describe('a program that is run', () => {
  it('gives its output and its exit code', async () => {
    const result = await run('sh', ['-c', 'cat; echo wrong >&2; exit 3'], { input: 'right' });
    expect(result).toEqual({ code: 3, stdout: 'right', stderr: 'wrong\n' });
  });

  it('is stopped after its time, with what it has started', { timeout: 60_000 }, async () => {
    const script = 'sleep 300 & echo $!; trap "" TERM; wait; wait; sleep 300';
    const { code, stdout, stderr } = await run('sh', ['-c', script], { timeout: 300, group: true });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^sh was stopped after 0.3 s\nSIGKILL$/);
    // gone, or dead and not yet collected by whoever inherits it
    expect((await run('ps', ['-o', 'stat=', '-p', stdout.trim()])).stdout.trim()).toMatch(/^Z?$/);
  });

  it('ends when it ends, though what it left behind keeps its output open', { timeout: 60_000 }, async () => {
    const { code, stdout } = await run('sh', ['-c', 'sleep 60 & echo $!; exit 0']);
    process.kill(Number(stdout));
    expect(code).toBe(0);
  });

  it('is killed with what it has started when a signal is given', { timeout: 60_000 }, async () => {
    const killing = new AbortController();
    const running = run('sh', ['-c', 'sleep 300 & echo $!; wait'], { group: true, signal: killing.signal });
    setTimeout(() => killing.abort(), 300);
    const { code, stdout, stderr } = await running;
    expect([code, stderr]).toEqual([1, 'SIGKILL']);
    expect((await run('ps', ['-o', 'stat=', '-p', stdout.trim()])).stdout.trim()).toMatch(/^Z?$/);
  });

  it('must be installed', async () => {
    await expect(run('no-such-program', [])).rejects.toThrow('no-such-program is not installed');
  });
});
