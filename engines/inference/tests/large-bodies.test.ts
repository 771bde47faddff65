import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, serverOf } from './serving.ts';

const list = (value: string, count: number) => Array<string>(count).fill(value).join(',');

describe('a large body', () => {
  let app: FastifyInstance;
  let alone: FastifyInstance;
  beforeAll(async () => {
    app = await serverOf('echo/FP32', 'echo/INT64', 'echo/BYTES');
    alone = await serverOf('echo/FP32');
  });
  afterAll(() => Promise.all([app.close(), alone.close()]));

  const v2 = (datatype: string, count: number, data: string) =>
    `{"id":"mine","inputs":[{"name":"x","datatype":"${datatype}","shape":[${count}],"data":[${data}]}]}`;

  it('is answered as a small one is, in every protocol', async () => {
    const count = 100_000;
    expect(
      (await ask(app, '/v2/models/echo-INT64/infer', v2('INT64', count, list('9007199254740993', count)))).text,
    ).toBe(
      `{"model_name":"echo-INT64","model_version":"1","id":"mine","outputs":[{"name":"y","datatype":"INT64","shape":[${count}],"data":[${list('9007199254740993', count)}]}]}`,
    );
    expect((await ask(app, '/v1/models/echo-FP32:predict', `{"instances":[${list('1.5', count)}]}`)).text).toBe(
      `{"predictions":[${list('1.5', count)}]}`,
    );
    expect((await ask(alone, '/invocations', `x\n${'1.5\n'.repeat(count)}`, 'text/csv')).text).toBe(
      `{"predictions":[${list('{"y":1.5}', count)}]}`,
    );
    expect(await ask(app, '/v2/models/echo-FP32/infer', v2('FP32', count, list('"x"', count)))).toMatchObject({
      status: 400,
      body: { error: `Input 'x': expected FP32 values, received "x".` },
    });
  });

  it('does not keep the event loop from other work', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    const count = 1_000_000;
    const answered = ask(alone, '/invocations', `x\n${'1\n'.repeat(count)}`, 'text/csv').then(({ status }) => status);
    expect(await Promise.race([answered, untilTurns()])).toBe('other work');
    expect(await answered).toBe(200);
    clearInterval(timer);

    async function untilTurns(): Promise<string> {
      while (turns < 20) await new Promise((resolve) => setTimeout(resolve, 1));
      return 'other work';
    }
  });

  it('is refused with 413 where it has too many values, fields or texts', async () => {
    const url = '/v2/models/echo-FP32/infer';
    const cases: [FastifyInstance, string, string, string?][] = [
      [app, url, v2('FP32', 1, '1,'.repeat(5_000_001))],
      [app, '/v1/models/echo-FP32:predict', `{"instances":[${'[[]],'.repeat(2_000_000)}[]]}`],
      [alone, '/invocations', `x\n${'1\n'.repeat(2_000_001)}`, 'text/csv'],
      [app, '/v2/models/echo-BYTES/infer', v2('BYTES', 100_001, list('""', 100_001))],
      [app, '/v2/models/echo-BYTES/infer', v2('BYTES', 1, `"${'x'.repeat(9_000_000)}"`)],
    ];
    for (const [server, path, body, type] of cases) {
      const { status, text } = await ask(server, path, body, type);
      expect([status, text]).toEqual([413, expect.stringMatching(/A request may have \d+ .*; send it in parts/)]);
    }
    expect((await ask(app, url, v2('FP32', 1, '1'))).status).toBe(200);
  });
});
