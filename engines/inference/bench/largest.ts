// How long the largest bodies of each protocol keep other requests waiting:
//   node engines/inference/bench/largest.ts
// The server says how late its event loop was at the worst (nodejs_eventloop_lag_max_seconds); a client of this process
// would measure its own sending.
import { join } from 'node:path';
import { startProgram } from '@mlops/testing';

const FIXTURES = join(import.meta.dirname, '../tests/fixtures');
const MEGABYTES = 62;
const server = await startProgram(join(import.meta.dirname, '../src/main.ts'), [
  '--port',
  '0',
  '--model',
  `x=${join(FIXTURES, 'echo/FP32.onnx')}`,
  '--model',
  `i=${join(FIXTURES, 'echo/INT64.onnx')}`,
  '--model',
  `t=${join(FIXTURES, 'echo/BYTES.onnx')}`,
]);
const only = await startProgram(join(import.meta.dirname, '../src/main.ts'), [
  '--port',
  '0',
  '--model',
  `x=${join(FIXTURES, 'echo/FP32.onnx')}`,
]);

const v2 = (name: string, datatype: string, count: number, data: string) =>
  `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[${count}],"data":[${data}]}]}`;
const list = (value: string, count: number) => Array<string>(count).fill(value).join(',');
const fill = (text: string) => text.repeat(Math.floor((MEGABYTES * 1024 * 1024) / text.length));
const MOST = 4_900_000;

const cases: readonly (readonly [string, string, string, string?])[] = [
  ['V2, most numbers', '/v2/models/x/infer', v2('x', 'FP32', MOST, list('1.5', MOST))],
  ['V2, most digits', '/v2/models/x/infer', v2('x', 'FP32', 3_400_000, list('1.23456789012345', 3_400_000))],
  ['V2, long integers', '/v2/models/i/infer', v2('x', 'INT64', 3_000_000, list('9007199254740993', 3_000_000))],
  ['V2, one long integer', '/v2/models/i/infer', v2('x', 'INT64', MOST, `9007199254740993,${list('1', MOST - 1)}`)],
  ['V2, most texts', '/v2/models/t/infer', v2('x', 'BYTES', 95_000, list(`"${'x'.repeat(85)}"`, 95_000))],
  ['V2, one text', '/v2/models/t/infer', v2('x', 'BYTES', 1, `"${'ä'.repeat(8_000_000)}"`)],
  ['V2, too many values', '/v2/models/x/infer', v2('x', 'FP32', 1, fill('1,'))],
  ['V1, most numbers', '/v1/models/x:predict', `{"instances":[${list('1.5', MOST)}]}`],
  ['V1, most rows of one', '/v1/models/x:predict', `{"instances":[${list('[1]', 2_400_000)}]}`],
  ['V1, most objects', '/v1/models/x:predict', `{"instances":[${list('{"x":1}', 2_400_000)}]}`],
  ['V1, lists of lists', '/v1/models/x:predict', `{"instances":[${fill('[[]],')}[]]}`],
  ['/invocations, most numbers', '/invocations', `{"inputs":[${list('1.5', MOST)}]}`],
  ['/invocations, most records', '/invocations', `{"dataframe_records":[${list('{"x":1}', 2_400_000)}]}`],
  ['/invocations, most CSV', '/invocations', `x\n${'1\n'.repeat(1_990_000)}`, 'text/csv'],
  ['/invocations, long CSV', '/invocations', `x\n${'1.2345678901234567890123456\n'.repeat(1_990_000)}`, 'text/csv'],
  ['/invocations, too much CSV', '/invocations', `x\n${fill('1\n')}`, 'text/csv'],
];

for (const [what, path, body, type = 'application/json'] of cases) {
  const url = path === '/invocations' ? only.url : server.url;
  await worstLag(url);
  const started = performance.now();
  const answer = await fetch(url + path, {
    method: 'POST',
    body: Buffer.from(body),
    headers: { 'content-type': type },
  });
  const bytes = await answer.arrayBuffer();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const shown = answer.ok ? '' : Buffer.from(bytes).toString('utf8', 0, 110);
  process.stdout.write(
    `${what.padEnd(28)} ${(body.length / 1e6).toFixed(0).padStart(3)} MB  ${answer.status}  ${seconds.padStart(5)} s  late by ${(await worstLag(url)).toFixed(0).padStart(4)} ms at most  ${shown}\n`,
  );
}
await Promise.all([server.stop(), only.stop()]);

/** Milliseconds since it was asked before. */
async function worstLag(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(metrics)?.[1]) * 1000;
}
