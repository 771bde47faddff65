import { expect, it } from 'vitest';
import { refused, type Server } from './server.ts';

export function loggedModelCases(server: () => Server): void {
  const create = async (experiment_id: string, more: object = {}) =>
    (
      await server().ok('logged-models', {
        experiment_id,
        name: 'tree',
        model_type: 'sk',
        params: [{ key: 'depth', value: '3' }],
        tags: [{ key: 'a', value: 'b' }],
        ...more,
      })
    ).model;

  it('creates a pending model, finalizes it and keeps its params and tags', async () => {
    const experiment = await server().experiment();
    const model = await create(experiment);
    expect(model.info).toMatchObject({
      name: 'tree',
      status: 'LOGGED_MODEL_PENDING',
      experiment_id: experiment,
      model_type: 'sk',
    });
    expect(model.info.model_id).toMatch(/^m-[0-9a-f]{32}$/);
    expect(model.info.artifact_uri).toBe(
      `${server().artifactRoot}/${experiment}/models/${model.info.model_id}/artifacts`,
    );
    const id = model.info.model_id;
    await server().ok(`logged-models/${id}`, { model_id: id, status: 'LOGGED_MODEL_READY' }, 'PATCH');
    const { model: found } = await server().found(`logged-models/${id}`, {});
    expect(found.info).toMatchObject({ status: 'LOGGED_MODEL_READY', tags: [{ key: 'a', value: 'b' }] });
    expect(found.data.params).toEqual([{ key: 'depth', value: '3' }]);
  });

  it('sets and deletes tags, and deletes the model', async () => {
    const id = (await create(await server().experiment())).info.model_id;
    await server().ok(`logged-models/${id}/tags`, { model_id: id, tags: [{ key: 'a', value: 'c' }] }, 'PATCH');
    await server().ok(`logged-models/${id}/tags/a`, {}, 'DELETE');
    refused(await server().post(`logged-models/${id}/tags/a`, {}, 'DELETE'), 404, 'RESOURCE_DOES_NOT_EXIST');
    await server().ok(`logged-models/${id}`, {}, 'DELETE');
    refused(await server().get(`logged-models/${id}`), 404, 'RESOURCE_DOES_NOT_EXIST');
  });

  it('takes metrics of runs, and searches by them', async () => {
    const experiment = await server().experiment();
    const run_id = await server().run(experiment);
    const [good, bad] = [
      await create(experiment, { name: 'good' }),
      await create(experiment, { name: 'bad', params: [] }),
    ];
    for (const [model, value] of [
      [good, 0.9],
      [bad, 0.2],
    ] as const) {
      await server().ok('runs/log-metric', {
        run_id,
        key: 'acc',
        value,
        timestamp: 1,
        step: 0,
        model_id: model.info.model_id,
      });
    }
    const names = async (body: object) => {
      const { models = [] } = await server().ok('logged-models/search', { experiment_ids: [experiment], ...body });
      return models.map((each: { info: { name: string } }) => each.info.name);
    };
    expect(await names({ filter: 'metrics.acc > 0.5' })).toEqual(['good']);
    expect(await names({ filter: "params.depth = '3'" })).toEqual(['good']);
    expect(await names({ filter: "name = 'bad'" })).toEqual(['bad']);
    expect(await names({ order_by: [{ field_name: 'metrics.acc', ascending: true }] })).toEqual(['bad', 'good']);
    expect(await names({ order_by: [{ field_name: 'metrics.acc', ascending: false }] })).toEqual(['good', 'bad']);
    const { model } = await server().found(`logged-models/${good.info.model_id}`, {});
    expect(model.data.metrics).toMatchObject([{ key: 'acc', value: 0.9, run_id }]);
  });

  it('refuses names that cannot be, and unknown models', async () => {
    const experiment_id = await server().experiment();
    for (const name of ['a/b', 'a:b', "it's"])
      refused(await server().post('logged-models', { experiment_id, name }), 400, 'INVALID_PARAMETER_VALUE');
    refused(await server().get('logged-models/m-nope'), 404, 'RESOURCE_DOES_NOT_EXIST');
  });
}
