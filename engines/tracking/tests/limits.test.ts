import { Readable } from 'node:stream';
import { openBlobs } from '@mlops/blobs';
import { loadSettings } from '@mlops/configuration';
import { openDatabase } from '@mlops/database';
import { jsonExtent } from '@mlops/service';
import { temporaryFolder } from '@mlops/testing';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTrackingServer, digestOfFiles, openTracking, trackingOperations } from '../src/index.ts';
import { decodeRequest } from '../src/wire/decode.ts';

const settings = (path: string) =>
  loadSettings('tracking', { argv: ['--data', path, '--log-level', 'fatal'], env: {}, cwd: path });

describe('the extent of a JSON text', () => {
  it.each([
    ['1', 0, 0],
    ['[]', 1, 1],
    ['{"a":[1,[2,{"b":3}]]}', 4, 6],
    ['["[[[[,,,,{", "a\\"[[,", "\\\\"]', 1, 3],
    ['"', 0, 0],
    ['["never ends, [[[', 1, 1],
    [']]]]', 0, 0],
  ])('%s', (text, depth, values) => {
    expect(jsonExtent(Buffer.from(text))).toEqual({ depth, values });
  });

  it('is measured in one pass, whatever is escaped', () => {
    const text = `["${'\\\\'.repeat(1e6)}", "${'\\"['.repeat(1e6)}"]`;
    expect(jsonExtent(Buffer.from(text))).toEqual({ depth: 1, values: 2 });
    JSON.parse(text);
  });
});

describe('a request', () => {
  it('has no field that every object inherits', () => {
    const { request } = trackingOperations.logMetric;
    const metric = { run_id: 'r', key: 'k', timestamp: 1 };
    for (const value of ['toString', 'constructor', '__proto__', 'valueOf'])
      expect(() => decodeRequest(request, { ...metric, value })).toThrow("'value'");
    expect(decodeRequest(request, { ...metric, value: '-Infinity' })).toMatchObject({ value: -Infinity });
  });
});

describe('a tracking server', () => {
  const folder = temporaryFolder();
  let app: FastifyInstance;
  beforeAll(async () => {
    app = await buildTrackingServer(settings(folder.path));
  });
  afterAll(async () => {
    await app.close();
    folder.remove();
  });

  const post = (payload: string) =>
    app.inject({
      method: 'POST',
      url: '/api/2.0/mlflow/runs/search',
      headers: { 'content-type': 'application/json' },
      payload,
    });

  it('refuses a body that nests deeper than 100 levels, also one written as a string', async () => {
    const nested = (levels: number) => `{"experiment_ids":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    for (const levels of [100, 3000, 1e6]) {
      for (const body of [nested(levels), JSON.stringify(nested(levels))]) {
        const answer = await post(body);
        expect([answer.statusCode, answer.json().message]).toEqual([400, expect.stringContaining('100 levels')]);
      }
    }
    expect((await post(nested(99))).json().message).toContain("'experiment_ids[0]'");
  });

  it('refuses a body of more than 100 000 values', async () => {
    const answer = await post(`{"experiment_ids":[${'"0",'.repeat(100_000)}"0"]}`);
    expect([answer.statusCode, answer.json().message]).toEqual([400, expect.stringContaining('100000 values')]);
    expect((await post(`{"experiment_ids":[${'"0",'.repeat(99_000)}"0"]}`)).statusCode).toBe(200);
  });

  it('answers 413 to more than 20 MiB', async () => {
    const body = (bytes: number) => `{"filter":"${'x'.repeat(bytes - 13)}"}`;
    expect((await post(body(20 * 1024 * 1024 + 1))).statusCode).toBe(413);
    expect((await post(body(20 * 1024 * 1024))).statusCode).toBe(400);
  });
});

describe('a model version of a single file', () => {
  it('has that file and its digest', async () => {
    const folder = temporaryFolder();
    const database = openDatabase<unknown>({ data: folder.path, database: undefined });
    const opened = await openTracking({ database, blobs: openBlobs({ data: folder.path }) });
    const engine = opened.workspace('default');
    const { experiment_id } = await engine.operations.createExperiment({ name: 'e' });
    const { run } = await engine.operations.createRun({ experiment_id });
    const directory = `${experiment_id}/${run.info.run_id}/artifacts`;
    const { sha256 } = await engine.artifacts.put(`${directory}/model.onnx`, Readable.from(['onnx']));
    await engine.artifacts.put(`${directory}/model.onnx.txt`, Readable.from(['another']));
    await engine.operations.createRegisteredModel({ name: 'm' });
    const register = (path: string) =>
      engine.operations.createModelVersion({ name: 'm', source: `runs:/${run.info.run_id}/${path}` });
    await register('model.onnx');
    expect(await engine.modelVersionFiles('m', '1')).toEqual({
      directory: `${directory}/model.onnx`,
      isFile: true,
      digest: digestOfFiles([{ path: 'model.onnx', sha256 }]),
    });
    await register('');
    expect(await engine.modelVersionFiles('m', '2')).toMatchObject({ directory, isFile: false });
    await opened.close();
    await database.close();
    folder.remove();
  });
});
