import { expect, it } from 'vitest';
import { refused, type Server, unique } from './server.ts';

export function experimentCases(server: () => Server): void {
  it('starts with the experiment Default, number 0', async () => {
    const { experiment } = await server().found('experiments/get-by-name', { experiment_name: 'Default' });
    if (server().implementation !== 'workspace') expect(experiment.experiment_id).toBe('0');
    expect(experiment).toMatchObject({ name: 'Default', lifecycle_stage: 'active' });
  });

  it('creates, gets by id and by name, and keeps tags', async () => {
    const name = unique('with spaces and ü');
    const created = await server().ok('experiments/create', { name, tags: [{ key: 'a', value: '1' }] });
    const { experiment } = await server().found('experiments/get-by-name', { experiment_name: name });
    expect(experiment).toMatchObject({
      experiment_id: created.experiment_id,
      name,
      lifecycle_stage: 'active',
      tags: [{ key: 'a', value: '1' }],
    });
    expect(experiment.artifact_location).toBe(`${server().artifactRoot}/${created.experiment_id}`);
    expect(Number.isInteger(experiment.creation_time)).toBe(true);
  });

  it('refuses a name that exists, also if it is deleted', async () => {
    const name = unique('twice');
    const id = await server().experiment(name);
    refused(await server().post('experiments/create', { name }), 400, 'RESOURCE_ALREADY_EXISTS');
    await server().ok('experiments/delete', { experiment_id: id });
    refused(await server().post('experiments/create', { name }), 400, 'RESOURCE_ALREADY_EXISTS');
  });

  it('refuses a missing or empty name and a name too long', async () => {
    for (const body of [{}, { name: '' }, { name: null }, { name: 'x'.repeat(501) }]) {
      refused(await server().post('experiments/create', body), 400, 'INVALID_PARAMETER_VALUE');
    }
  });

  it('deletes and restores an experiment with its runs', async () => {
    const id = await server().experiment();
    const run = await server().run(id);
    await server().ok('experiments/delete', { experiment_id: id });
    expect((await server().found('runs/get', { run_id: run })).run.info.lifecycle_stage).toBe('deleted');
    expect((await server().found('experiments/get', { experiment_id: id })).experiment.lifecycle_stage).toBe('deleted');
    refused(await server().post('runs/create', { experiment_id: id }), 400, 'INVALID_PARAMETER_VALUE');
    await server().ok('experiments/restore', { experiment_id: id });
    expect((await server().found('runs/get', { run_id: run })).run.info.lifecycle_stage).toBe('active');
  });

  it('renames', async () => {
    const id = await server().experiment();
    const name = unique('renamed');
    await server().ok('experiments/update', { experiment_id: id, new_name: name });
    expect((await server().found('experiments/get', { experiment_id: id })).experiment.name).toBe(name);
  });

  it('refuses to rename a deleted experiment and to an existing name', async () => {
    const [taken, id] = [unique('taken'), await server().experiment()];
    await server().experiment(taken);
    const clash = await server().post('experiments/update', { experiment_id: id, new_name: taken });
    expect(clash.status).toBe(400);
    await server().ok('experiments/delete', { experiment_id: id });
    const deleted = await server().post('experiments/update', { experiment_id: id, new_name: unique('x') });
    // MLflow answers 500, which its client repeats for minutes.
    expect(deleted.status).toBe(server().implementation === 'mlflow' ? 500 : 400);
  });

  it('sets, replaces and deletes tags', async () => {
    const id = await server().experiment();
    await server().ok('experiments/set-experiment-tag', { experiment_id: id, key: 'k', value: 'one' });
    await server().ok('experiments/set-experiment-tag', { experiment_id: id, key: 'k', value: 'two' });
    expect((await server().found('experiments/get', { experiment_id: id })).experiment.tags).toEqual([
      { key: 'k', value: 'two' },
    ]);
    await server().ok('experiments/delete-experiment-tag', { experiment_id: id, key: 'k' });
    refused(
      await server().post('experiments/delete-experiment-tag', { experiment_id: id, key: 'k' }),
      404,
      'RESOURCE_DOES_NOT_EXIST',
    );
  });

  it('answers 404 for what does not exist', async () => {
    refused(await server().get('experiments/get', { experiment_id: '999999999' }), 404, 'RESOURCE_DOES_NOT_EXIST');
    refused(
      await server().get('experiments/get-by-name', { experiment_name: unique('none') }),
      404,
      'RESOURCE_DOES_NOT_EXIST',
    );
    refused(await server().post('experiments/delete', { experiment_id: '999999999' }), 404, 'RESOURCE_DOES_NOT_EXIST');
  });

  it('searches by name, tag and time, in pages', async () => {
    const prefix = unique('search');
    for (const letter of ['a', 'b', 'c']) {
      await server().ok('experiments/create', {
        name: `${prefix}-${letter}`,
        tags: [{ key: 'letter', value: letter }],
      });
    }
    const names = async (filter: string, more: object = {}) => {
      const { experiments = [] } = await server().ok('experiments/search', { max_results: 10, filter, ...more });
      return experiments.map((each: { name: string }) => each.name.slice(prefix.length + 1));
    };
    expect(await names(`name LIKE '${prefix}-%'`, { order_by: ['name'] })).toEqual(['a', 'b', 'c']);
    expect(await names(`name ILIKE '${prefix.toUpperCase()}-%'`, { order_by: ['name DESC'] })).toEqual(['c', 'b', 'a']);
    expect(await names(`name LIKE '${prefix}-%' AND tags.letter = 'b'`)).toEqual(['b']);
    expect(await names(`name LIKE '${prefix}-%' AND tags.letter != 'b'`, { order_by: ['name ASC'] })).toEqual([
      'a',
      'c',
    ]);
    expect(await names(`name = '${prefix}-a' AND creation_time > 1`)).toEqual(['a']);
    const first = await server().ok('experiments/search', {
      max_results: 2,
      filter: `name LIKE '${prefix}-%'`,
      order_by: ['name'],
    });
    expect(first.experiments).toHaveLength(2);
    const second = await server().ok('experiments/search', {
      max_results: 2,
      filter: `name LIKE '${prefix}-%'`,
      order_by: ['name'],
      page_token: first.next_page_token,
    });
    expect(second.experiments.map((each: { name: string }) => each.name)).toEqual([`${prefix}-c`]);
    expect(second.next_page_token).toBeUndefined();
  });

  it('refuses a search without max_results, a bad filter and a bad page token', async () => {
    for (const body of [
      {},
      { max_results: 0 },
      { max_results: 10, filter: 'nonsense' },
      { max_results: 10, filter: "foo.bar = 'x'" },
      { max_results: 5, page_token: 'x' },
    ]) {
      refused(await server().post('experiments/search', body), 400, 'INVALID_PARAMETER_VALUE');
    }
  });
}
