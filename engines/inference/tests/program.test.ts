import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { startProgram } from '@mlops/testing';
import { describe, expect, it } from 'vitest';
import { EXAMPLE, MAIN, model } from './serving.ts';

const run = (...args: string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 30_000 });

describe('the program', () => {
  it('serves models alone, and finishes what it accepted when it is told to end', async () => {
    const models = ['--model', `flights=${EXAMPLE}`, '--model', `slow=${model('slow')}`];
    const server = await startProgram(MAIN, ['--port', '0', ...models]);
    for (const path of ['/health', '/readyz', '/metrics', '/v2/models/flights/ready']) {
      expect((await fetch(server.url + path)).status, path).toBe(200);
    }
    const steps = { name: 'n', datatype: 'INT64', shape: [1], data: [1_000_000] };
    const accepted = fetch(`${server.url}/v2/models/slow/infer`, {
      method: 'POST',
      body: JSON.stringify({ inputs: [steps] }),
    });
    await wait(200);
    const ended = server.stop();
    expect(await (await accepted).json()).toMatchObject({ outputs: [{ name: 'counted', data: [1_000_000] }] });
    await ended;
    expect(server.child.exitCode).toBe(0);
  });

  it('names the model that cannot be served, and exits 1', () => {
    const { status, stderr } = run('--port', '0', '--model', `z=${model('zipmap')}`);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/model z \(.*\): .*zipmap/)]);
    expect(run('--model', `a/b=${model('linear')}`)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("'a/b' cannot be a name"),
    });
  });
});
