import { PlatformError } from '@mlops/errors';
import type { PredictionEvent } from '@mlops/inference';
import { Registry } from '@prometheus-io/client';
import { expect, it } from 'vitest';
import { Recorder } from '../src/predictions/recorder.ts';

function event(requestId: string, rows = 1, width = 1): PredictionEvent {
  const inputs = [{ name: 'x', datatype: 'FP64', shape: [rows, width], data: new Float64Array(rows * width) }];
  return {
    namespace: 'default',
    model: 'm',
    version: '1',
    requestId,
    time: 1,
    latencyMs: 1,
    status: 200,
    inputs,
    outputs: [],
  } as never;
}

/** A recorder on a log that fails in the ways that are given, one after the other, and then works. */
function open(failures: Error[], queueMax = 1000) {
  const metrics = new Registry();
  const written = new Map<string, readonly { id: string }[]>();
  const tried: string[] = [];
  const told: unknown[] = [];
  const recorder = new Recorder({
    async write(_deployment, predictions, id) {
      tried.push(id);
      const failure = failures.shift();
      if (failure) throw failure;
      written.set(id, predictions);
    },
    servedBy: () => ({ team: 'default', revision: 1, modelVersion: '1' }),
    queueMax,
    metrics,
    onError: (error) => told.push(error),
  });
  const dropped = async () => Number(/^mlops_predictions_dropped_total (\d+)/m.exec(await metrics.metrics())?.[1]);
  const ids = () => [...written.values()].flat().map(({ id }) => id);
  return { recorder, ids, tried, told, dropped };
}
const away = () => new PlatformError('DATABASE_UNAVAILABLE', 'away');

it('keeps what waits while the log cannot be written, and writes it under the same id when it can', async () => {
  const { recorder, ids, tried, told, dropped } = open([away(), new PlatformError('STORAGE_FULL', 'full'), away()]);
  recorder.record(event('a'));
  await recorder.flush();
  recorder.record(event('b'));
  expect([ids(), await dropped()]).toEqual([[], 0]);
  await expect.poll(ids, { timeout: 5000 }).toEqual(['a', 'b']);
  expect(new Set(tried.slice(0, 4)).size).toBe(1);
  expect([told.length, await dropped()]).toEqual([1, 0]);
});

it('drops what does not fit meanwhile, and at the end what could not be written; both are counted', async () => {
  const { recorder, ids, dropped } = open(Array.from({ length: 100 }, away), 3);
  for (const id of ['a', 'b', 'c', 'd', 'e']) recorder.record(event(id));
  expect(await dropped()).toBe(2);
  await recorder.close();
  expect([ids(), await dropped()]).toEqual([[], 5]);
});

it('drops what can never be written, and goes on with the rest', async () => {
  const { recorder, ids, dropped } = open([new Error('no such column')]);
  recorder.record(event('a'));
  await recorder.flush();
  recorder.record(event('b'));
  await recorder.flush();
  expect([ids(), await dropped()]).toEqual([['b'], 1]);
});

it('bounds what waits by its size too', async () => {
  const { recorder, dropped } = open([away()]);
  for (let i = 0; i < 4; i++) recorder.record(event(`large-${i}`, 1, 6_000_000));
  expect(await dropped()).toBe(1);
});
