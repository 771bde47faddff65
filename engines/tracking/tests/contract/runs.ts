import { expect, it } from 'vitest';
import { refused, type Server } from './server.ts';

export function runCases(server: () => Server): void {
  it('creates a run with a name of its own and returns the whole run', async () => {
    const experiment = await server().experiment();
    const { run } = await server().ok('runs/create', {
      experiment_id: experiment,
      start_time: 1234,
      user_id: 'me',
      tags: [{ key: 't', value: 'v' }],
    });
    expect(run.info).toMatchObject({
      experiment_id: experiment,
      status: 'RUNNING',
      start_time: 1234,
      user_id: 'me',
      lifecycle_stage: 'active',
    });
    expect(run.info.run_id).toMatch(/^[0-9a-f]{32}$/);
    expect(run.info.run_uuid).toBe(run.info.run_id);
    expect(run.info.artifact_uri).toBe(`${server().artifactRoot}/${experiment}/${run.info.run_id}/artifacts`);
    expect(run.info.run_name).not.toBe('');
    expect(run.data.tags).toContainEqual({ key: 'mlflow.runName', value: run.info.run_name });
    expect(run.data.tags).toContainEqual({ key: 't', value: 'v' });
    expect(run.inputs).toEqual({});
  });

  it('refuses two different names for one run', async () => {
    const body = {
      experiment_id: await server().experiment(),
      run_name: 'a',
      tags: [{ key: 'mlflow.runName', value: 'b' }],
    };
    refused(await server().post('runs/create', body), 400, 'INVALID_PARAMETER_VALUE');
  });

  it('updates status, end time and name, each by itself', async () => {
    const run_id = await server().run(await server().experiment());
    const { run_info } = await server().ok('runs/update', {
      run_id,
      status: 'FINISHED',
      end_time: 99,
      run_name: 'new',
    });
    expect(run_info).toMatchObject({ status: 'FINISHED', end_time: 99, run_name: 'new' });
    await server().ok('runs/update', { run_id, run_name: 'newer' });
    const { run } = await server().found('runs/get', { run_id });
    expect(run.info).toMatchObject({ status: 'FINISHED', end_time: 99, run_name: 'newer' });
    expect(run.data.tags).toContainEqual({ key: 'mlflow.runName', value: 'newer' });
  });

  it('accepts run_uuid for run_id', async () => {
    const run_uuid = await server().run(await server().experiment());
    await server().ok('runs/log-metric', { run_uuid, key: 'm', value: 1, timestamp: 1 });
    expect((await server().found('runs/get', { run_uuid })).run.data.metrics).toHaveLength(1);
  });

  it('keeps the latest of a metric by step, then time, then value', async () => {
    const run_id = await server().run(await server().experiment());
    const points = [
      { step: 0, timestamp: 10, value: 1 },
      { step: 2, timestamp: 5, value: 2 },
      { step: 2, timestamp: 7, value: 3 },
      { step: 2, timestamp: 7, value: 2.5 },
      { step: 1, timestamp: 100, value: 9 },
    ];
    for (const point of points) await server().ok('runs/log-metric', { run_id, key: 'loss', ...point });
    expect((await server().found('runs/get', { run_id })).run.data.metrics).toMatchObject([
      { key: 'loss', value: 3, step: 2, timestamp: 7 },
    ]);
    const { metrics } = await server().found('metrics/get-history', { run_id, metric_key: 'loss', max_results: '100' });
    expect(metrics.map((each: { value: number }) => each.value)).toEqual([2, 2.5, 3, 1, 9]);
  });

  it('keeps an exact duplicate of a point once', async () => {
    const run_id = await server().run(await server().experiment());
    const point = { run_id, key: 'm', value: 0.1, timestamp: 1, step: 1 };
    await server().ok('runs/log-metric', point);
    await server().ok('runs/log-metric', point);
    expect(
      (await server().found('metrics/get-history', { run_id, metric_key: 'm', max_results: '9' })).metrics,
    ).toHaveLength(1);
  });

  it('reads and writes NaN as a string, and infinities as the largest numbers', async () => {
    const run_id = await server().run(await server().experiment());
    for (const [key, value] of [
      ['n', 'NaN'],
      ['i', 'Infinity'],
      ['j', '-Infinity'],
      ['s', '0.5'],
    ]) {
      await server().ok('runs/log-metric', { run_id, key, value, timestamp: 1 });
    }
    const { run } = await server().found('runs/get', { run_id });
    const values = Object.fromEntries(
      run.data.metrics.map((each: { key: string; value: unknown }) => [each.key, each.value]),
    );
    expect(values).toEqual({ n: 'NaN', i: Number.MAX_VALUE, j: -Number.MAX_VALUE, s: 0.5 });
  });

  it('pages through a history', async () => {
    const run_id = await server().run(await server().experiment());
    const metrics = Array.from({ length: 25 }, (_, step) => ({ key: 'm', value: step, timestamp: step, step }));
    await server().ok('runs/log-batch', { run_id, metrics });
    const seen: number[] = [];
    let page_token = '';
    do {
      const page = await server().found('metrics/get-history', {
        run_id,
        metric_key: 'm',
        max_results: '10',
        ...(page_token ? { page_token } : {}),
      });
      seen.push(...page.metrics.map((each: { value: number }) => each.value));
      page_token = page.next_page_token ?? '';
    } while (page_token !== '');
    expect(seen).toEqual(metrics.map((metric) => metric.value));
    expect((await server().found('metrics/get-history', { run_id, metric_key: 'm' })).metrics).toHaveLength(25);
  });

  it('keeps params as they were first logged', async () => {
    const run_id = await server().run(await server().experiment());
    await server().ok('runs/log-parameter', { run_id, key: 'p', value: '1' });
    await server().ok('runs/log-parameter', { run_id, key: 'p', value: '1' });
    refused(
      await server().post('runs/log-parameter', { run_id, key: 'p', value: '2' }),
      400,
      'INVALID_PARAMETER_VALUE',
    );
    const batch = await server().post('runs/log-batch', { run_id, params: [{ key: 'p', value: '3' }] });
    refused(batch, 400, 'INVALID_PARAMETER_VALUE');
    expect(batch.body.message).toContain('Changing param values is not allowed');
    await server().ok('runs/log-parameter', { run_id, key: 'empty', value: '' });
    expect((await server().found('runs/get', { run_id })).run.data.params).toEqual(
      expect.arrayContaining([
        { key: 'p', value: '1' },
        { key: 'empty', value: '' },
      ]),
    );
  });

  it('cuts param values at 6000 and tag values at 8000 characters', async () => {
    const run_id = await server().run(await server().experiment());
    await server().ok('runs/log-parameter', { run_id, key: 'p', value: 'x'.repeat(7000) });
    await server().ok('runs/set-tag', { run_id, key: 't', value: 'x'.repeat(9000) });
    const { run } = await server().found('runs/get', { run_id });
    expect(run.data.params[0].value).toHaveLength(6000);
    expect(run.data.tags.find((tag: { key: string }) => tag.key === 't').value).toHaveLength(8000);
  });

  it('sets, replaces and deletes tags', async () => {
    const run_id = await server().run(await server().experiment());
    await server().ok('runs/set-tag', { run_id, key: 'k', value: '1' });
    await server().ok('runs/set-tag', { run_id, key: 'k', value: '2' });
    expect((await server().found('runs/get', { run_id })).run.data.tags).toContainEqual({ key: 'k', value: '2' });
    await server().ok('runs/delete-tag', { run_id, key: 'k' });
    refused(await server().post('runs/delete-tag', { run_id, key: 'k' }), 404, 'RESOURCE_DOES_NOT_EXIST');
  });

  it('logs a batch of everything', async () => {
    const run_id = await server().run(await server().experiment());
    await server().ok('runs/log-batch', {
      run_id,
      metrics: Array.from({ length: 800 }, (_, i) => ({ key: `m${i % 4}`, value: i, timestamp: i, step: i })),
      params: Array.from({ length: 100 }, (_, i) => ({ key: `p${i}`, value: String(i) })),
      tags: Array.from({ length: 100 }, (_, i) => ({ key: `t${i}`, value: String(i) })),
    });
    const { run } = await server().found('runs/get', { run_id });
    expect(run.data.metrics.map((each: { value: number }) => each.value).sort((a: number, b: number) => a - b)).toEqual(
      [796, 797, 798, 799],
    );
    expect(run.data.params).toHaveLength(100);
    expect(run.data.tags).toHaveLength(101);
  });

  it('refuses batches beyond the limits, duplicate params and bad keys', async () => {
    const run_id = await server().run(await server().experiment());
    const many = (n: number) => Array.from({ length: n }, (_, i) => ({ key: `k${i}`, value: '1' }));
    const bodies = [
      { metrics: many(1001).map((each) => ({ ...each, value: 1, timestamp: 1 })) },
      { params: many(101) },
      { tags: many(101) },
      {
        params: [
          { key: 'a', value: '1' },
          { key: 'a', value: '2' },
        ],
      },
      { params: [{ key: '../x', value: '1' }] },
      { tags: [{ key: 'bad#key', value: '1' }] },
      { metrics: [{ key: 'x'.repeat(251), value: 1, timestamp: 1 }] },
      { metrics: [{ key: 'm', timestamp: 1 }] },
      { metrics: [{ key: 'm', value: 1, timestamp: -1 }] },
    ];
    for (const body of bodies)
      refused(await server().post('runs/log-batch', { run_id, ...body }), 400, 'INVALID_PARAMETER_VALUE');
  });

  it('refuses changes to a deleted run until it is restored', async () => {
    const run_id = await server().run(await server().experiment());
    await server().ok('runs/delete', { run_id });
    expect((await server().found('runs/get', { run_id })).run.info.lifecycle_stage).toBe('deleted');
    refused(
      await server().post('runs/log-metric', { run_id, key: 'm', value: 1, timestamp: 1 }),
      400,
      'INVALID_PARAMETER_VALUE',
    );
    refused(await server().post('runs/set-tag', { run_id, key: 'm', value: '1' }), 400, 'INVALID_PARAMETER_VALUE');
    await server().ok('runs/restore', { run_id });
    await server().ok('runs/log-metric', { run_id, key: 'm', value: 1, timestamp: 1 });
  });

  it('answers 404 for runs that do not exist', async () => {
    const run_id = '0'.repeat(32);
    refused(await server().get('runs/get', { run_id }), 404, 'RESOURCE_DOES_NOT_EXIST');
    refused(await server().post('runs/delete', { run_id }), 404, 'RESOURCE_DOES_NOT_EXIST');
    refused(
      await server().post('runs/log-metric', { run_id, key: 'm', value: 1, timestamp: 1 }),
      404,
      'RESOURCE_DOES_NOT_EXIST',
    );
    refused(
      await server().post('runs/log-batch', { run_id, tags: [{ key: 'a', value: 'b' }] }),
      404,
      'RESOURCE_DOES_NOT_EXIST',
    );
  });

  it('links datasets with their tags, and models in and out', async () => {
    const experiment = await server().experiment();
    const run_id = await server().run(experiment);
    const dataset = {
      name: 'train',
      digest: 'abc',
      source_type: 'local',
      source: '{}',
      schema: '{"a":1}',
      profile: '{"rows":3}',
    };
    const input = { dataset, tags: [{ key: 'mlflow.data.context', value: 'training' }] };
    await server().ok('runs/log-inputs', { run_id, datasets: [input] });
    await server().ok('runs/log-inputs', { run_id, datasets: [input] });
    const { model } = await server().ok('logged-models', {
      experiment_id: experiment,
      name: 'm',
      source_run_id: run_id,
    });
    await server().ok('runs/outputs', { run_id, models: [{ model_id: model.info.model_id, step: 3 }] });
    const { run } = await server().found('runs/get', { run_id });
    expect(run.inputs.dataset_inputs).toEqual([input]);
    expect(run.outputs.model_outputs).toEqual([{ model_id: model.info.model_id, step: 3 }]);
    const { runs } = await server().ok('runs/search', {
      experiment_ids: [experiment],
      filter: "dataset.name = 'train' AND dataset.context = 'training'",
    });
    expect(runs).toHaveLength(1);
  });
}
