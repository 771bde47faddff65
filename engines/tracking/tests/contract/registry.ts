import { expect, it } from 'vitest';
import { refused, type Server, unique } from './server.ts';

async function versionOf(server: Server, name: string, more: object = {}): Promise<string> {
  const run_id = await server.run(await server.experiment());
  const source = `runs:/${run_id}/model`;
  return (await server.ok('model-versions/create', { name, source, run_id, ...more })).model_version.version;
}

export function registryCases(server: () => Server): void {
  const newModel = async () => {
    const name = unique('model');
    await server().ok('registered-models/create', {
      name,
      description: 'what it is',
      tags: [{ key: 'k', value: 'v' }],
    });
    return name;
  };

  it('creates, gets, describes and deletes a registered model', async () => {
    const name = await newModel();
    const { registered_model } = await server().found('registered-models/get', { name });
    expect(registered_model).toMatchObject({ name, description: 'what it is', tags: [{ key: 'k', value: 'v' }] });
    refused(await server().post('registered-models/create', { name }), 400, 'RESOURCE_ALREADY_EXISTS');
    await server().ok('registered-models/update', { name, description: 'changed' }, 'PATCH');
    expect((await server().found('registered-models/get', { name })).registered_model.description).toBe('changed');
    await server().ok('registered-models/delete', { name }, 'DELETE');
    refused(await server().get('registered-models/get', { name }), 404, 'RESOURCE_DOES_NOT_EXIST');
  });

  it('refuses names with a slash or a colon', async () => {
    for (const name of ['a/b', 'a:b', ' '])
      refused(await server().post('registered-models/create', { name }), 400, 'INVALID_PARAMETER_VALUE');
  });

  it('numbers versions from 1, and never again what was deleted', async () => {
    const name = await newModel();
    expect(await versionOf(server(), name)).toBe('1');
    expect(await versionOf(server(), name)).toBe('2');
    await server().ok('model-versions/delete', { name, version: '2' }, 'DELETE');
    refused(await server().get('model-versions/get', { name, version: '2' }), 404, 'RESOURCE_DOES_NOT_EXIST');
    expect(await versionOf(server(), name)).toBe('3');
  });

  it('shows a version with its source, run, status, tags and description', async () => {
    const name = await newModel();
    const version = await versionOf(server(), name, { description: 'd', tags: [{ key: 'a', value: 'b' }] });
    const { model_version } = await server().found('model-versions/get', { name, version });
    expect(model_version).toMatchObject({
      name,
      version,
      status: 'READY',
      current_stage: 'None',
      description: 'd',
      tags: [{ key: 'a', value: 'b' }],
    });
    const { artifact_uri } = await server().found('model-versions/get-download-uri', { name, version });
    expect(artifact_uri).toBe(`runs:/${model_version.run_id}/model`);
  });

  it('renames a model with its versions, tags and aliases', async () => {
    const name = await newModel();
    await versionOf(server(), name);
    await server().ok('registered-models/alias', { name, alias: 'champion', version: '1' });
    const newName = unique('renamed');
    await server().ok('registered-models/rename', { name, new_name: newName });
    const { registered_model } = await server().found('registered-models/get', { name: newName });
    expect(registered_model).toMatchObject({
      tags: [{ key: 'k', value: 'v' }],
      aliases: [{ alias: 'champion', version: '1' }],
    });
    expect((await server().found('model-versions/get', { name: newName, version: '1' })).model_version.name).toBe(
      newName,
    );
    refused(await server().get('registered-models/get', { name }), 404, 'RESOURCE_DOES_NOT_EXIST');
  });

  it('moves an alias, and takes it away', async () => {
    const name = await newModel();
    await versionOf(server(), name);
    await versionOf(server(), name);
    await server().ok('registered-models/alias', { name, alias: 'champion', version: '1' });
    await server().ok('registered-models/alias', { name, alias: 'champion', version: '2' });
    const { model_version } = await server().found('registered-models/alias', { name, alias: 'champion' });
    expect(model_version).toMatchObject({ version: '2', aliases: ['champion'] });
    await server().ok('registered-models/alias', { name, alias: 'champion' }, 'DELETE');
    refused(await server().get('registered-models/alias', { name, alias: 'champion' }), 400, 'INVALID_PARAMETER_VALUE');
    await server().ok('registered-models/alias', { name, alias: 'champion' }, 'DELETE');
  });

  it('refuses aliases that are reserved, badly written, or of no version', async () => {
    const name = await newModel();
    await versionOf(server(), name);
    for (const alias of ['latest', 'v1', 'V22', 'a b', 'x'.repeat(256)]) {
      refused(
        await server().post('registered-models/alias', { name, alias, version: '1' }),
        400,
        'INVALID_PARAMETER_VALUE',
      );
    }
    refused(
      await server().post('registered-models/alias', { name, alias: 'a', version: '9' }),
      404,
      'RESOURCE_DOES_NOT_EXIST',
    );
    refused(
      await server().post('registered-models/alias', { name, alias: 'a', version: 'x' }),
      400,
      'INVALID_PARAMETER_VALUE',
    );
  });

  it('moves versions through the old stages', async () => {
    const name = await newModel();
    await versionOf(server(), name);
    await versionOf(server(), name);
    const move = (version: string, stage: string, archive_existing_versions = false) =>
      server().post('model-versions/transition-stage', { name, version, stage, archive_existing_versions });
    expect((await move('1', 'production')).body.model_version.current_stage).toBe('Production');
    await move('2', 'Production', true);
    const { model_versions } = await server().ok('registered-models/get-latest-versions', { name });
    expect(
      model_versions
        .map((each: { version: string; current_stage: string }) => [each.version, each.current_stage])
        .sort(),
    ).toEqual([
      ['1', 'Archived'],
      ['2', 'Production'],
    ]);
    refused(await move('1', 'Nowhere'), 400, 'INVALID_PARAMETER_VALUE');
  });

  it('sets and deletes tags of models and versions; deleting what is not there changes nothing', async () => {
    const name = await newModel();
    const version = await versionOf(server(), name);
    await server().ok('registered-models/set-tag', { name, key: 'a', value: '1' });
    await server().ok('model-versions/set-tag', { name, version, key: 'a', value: '2' });
    expect((await server().found('model-versions/get', { name, version })).model_version.tags).toEqual([
      { key: 'a', value: '2' },
    ]);
    await server().ok('registered-models/delete-tag', { name, key: 'a' }, 'DELETE');
    await server().ok('registered-models/delete-tag', { name, key: 'a' }, 'DELETE');
    await server().ok('model-versions/delete-tag', { name, version, key: 'a' }, 'DELETE');
    expect((await server().found('model-versions/get', { name, version })).model_version.tags).toBeUndefined();
  });

  it('searches models and versions', async () => {
    const prefix = unique('find');
    for (const letter of ['a', 'b', 'c']) {
      await server().ok('registered-models/create', {
        name: `${prefix}-${letter}`,
        tags: [{ key: 'letter', value: letter }],
      });
      await versionOf(server(), `${prefix}-${letter}`, { tags: [{ key: 'v', value: letter }] });
    }
    const models = async (filter: string, more: Record<string, string> = {}) => {
      const { registered_models = [] } = await server().found('registered-models/search', { filter, ...more });
      return registered_models.map((each: { name: string }) => each.name.slice(prefix.length + 1));
    };
    expect(await models(`name LIKE '${prefix}%'`)).toEqual(['a', 'b', 'c']);
    expect(await models(`name LIKE '${prefix}%'`, { order_by: 'name DESC' })).toEqual(['c', 'b', 'a']);
    expect(await models(`tags.letter = 'b' AND name ILIKE '${prefix.toUpperCase()}%'`)).toEqual(['b']);
    const { model_versions } = await server().found('model-versions/search', { filter: `name = '${prefix}-a'` });
    expect(model_versions).toHaveLength(1);
    const byRun = await server().found('model-versions/search', { filter: `run_id = '${model_versions[0].run_id}'` });
    expect(byRun.model_versions).toEqual(model_versions);
    refused(await server().get('registered-models/search', { filter: 'version = 1' }), 400, 'INVALID_PARAMETER_VALUE');
    refused(await server().get('model-versions/search', { filter: "foo = 'x'" }), 400, 'INVALID_PARAMETER_VALUE');
    expect((await server().get('registered-models/search', { max_results: '1001' })).status).toBe(400);
  });

  it('keeps prompts apart from models', async () => {
    const name = unique('prompt');
    await server().ok('registered-models/create', { name, tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }] });
    expect(await server().found('registered-models/search', { filter: `name = '${name}'` })).toEqual({});
    const asked = await server().found('registered-models/search', {
      filter: `name = '${name}' AND tags.\`mlflow.prompt.is_prompt\` = 'true'`,
    });
    expect(asked.registered_models).toHaveLength(1);
    const { model_version } = await server().ok('model-versions/create', {
      name,
      source: 'dummy-source',
      tags: [
        { key: 'mlflow.prompt.is_prompt', value: 'true' },
        { key: 'mlflow.prompt.text', value: 'Hello' },
      ],
    });
    expect(model_version.version).toBe('1');
  });

  it('takes no files for a prompt', async () => {
    const name = await newModel();
    const tags = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }];
    for (const source of ['/etc', 'file:///etc', 'FILE:///etc', 'mlflow-artifacts:/0/x', 's3://bucket/x'])
      refused(await server().post('model-versions/create', { name, source, tags }), 400, 'INVALID_PARAMETER_VALUE');
  });

  it('answers a change of a model that is deleted meanwhile as one of a model that is not there', async () => {
    if (server().isUpstream) return;
    for (let round = 0; round < 20; round++) {
      const name = await newModel();
      await versionOf(server(), name);
      const changes = [
        server().post('registered-models/set-tag', { name, key: 'k', value: 'v' }),
        server().post('registered-models/alias', { name, alias: 'a', version: '1' }),
        server().post('registered-models/delete', { name }, 'DELETE'),
        server().post('model-versions/set-tag', { name, version: '1', key: 'k', value: 'v' }),
        server().post('model-versions/create', { name, source: 's3://bucket/model' }),
      ];
      const statuses = (await Promise.all(changes)).map((answer) => answer.status);
      expect(statuses.filter((status) => status !== 200 && status !== 404)).toEqual([]);
    }
  });

  it('refuses a logged model that does not exist', async () => {
    const name = await newModel();
    const body = { name, source: 's3://bucket/model', model_id: 'm-nope' };
    refused(await server().post('model-versions/create', body), 404, 'RESOURCE_DOES_NOT_EXIST');
  });

  it('refuses sources that lie outside of the run they name', async () => {
    const name = await newModel();
    const [mine, other] = [
      await server().run(await server().experiment()),
      await server().run(await server().experiment()),
    ];
    const sources = [
      { source: '/etc/passwd' },
      { source: 'file:///etc' },
      { source: 'FILE:///etc' },
      { source: 'File:/etc', run_id: mine },
      { source: `runs:/${other}/model`, run_id: mine },
      { source: 'mlflow-artifacts:/0/../../etc', run_id: mine },
      { source: '/etc', run_id: mine },
    ];
    for (const body of sources)
      refused(await server().post('model-versions/create', { name, ...body }), 400, 'INVALID_PARAMETER_VALUE');
    const missing = await server().post('model-versions/create', { name, source: 'models:/m-nope' });
    // MLflow answers 500 for the last.
    if (server().isUpstream) expect(missing.status).toBeGreaterThanOrEqual(400);
    else refused(missing, 404, 'RESOURCE_DOES_NOT_EXIST');
  });
}
