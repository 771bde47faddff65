import { Type } from 'typebox';
import { empty, int64, ModelVersion, page, RegisteredModel, Tag } from '../messages.ts';
import { operation } from './table.ts';

const text = Type.String();
const optionalText = Type.Optional(text);
const name = { name: text };
const version = { name: text, version: text };
const oneModel = Type.Object({ registered_model: RegisteredModel });
const oneVersion = Type.Object({ model_version: ModelVersion });
const field = 'name';
const search = {
  filter: optionalText,
  max_results: Type.Optional(int64),
  order_by: Type.Optional(Type.Array(text)),
  page_token: optionalText,
};

export const registryOperations = {
  createRegisteredModel: operation(
    'POST /registered-models/create',
    'write',
    'registered-model',
    Type.Object({ ...name, tags: Type.Optional(Type.Array(Tag)), description: optionalText }),
    oneModel,
    { field },
  ),
  renameRegisteredModel: operation(
    'POST /registered-models/rename',
    'write',
    'registered-model',
    Type.Object({ ...name, new_name: optionalText }),
    oneModel,
    { field },
  ),
  updateRegisteredModel: operation(
    'PATCH /registered-models/update',
    'write',
    'registered-model',
    Type.Object({ ...name, description: optionalText }),
    oneModel,
    { field },
  ),
  deleteRegisteredModel: operation(
    'DELETE /registered-models/delete',
    'delete',
    'registered-model',
    Type.Object(name),
    empty,
    {
      field,
    },
  ),
  getRegisteredModel: operation('GET /registered-models/get', 'read', 'registered-model', Type.Object(name), oneModel, {
    field,
  }),
  searchRegisteredModels: operation(
    'GET /registered-models/search',
    'read',
    'registered-model',
    Type.Object(search),
    page('registered_models', RegisteredModel),
  ),
  getLatestVersions: operation(
    'POST /registered-models/get-latest-versions',
    'read',
    'registered-model',
    Type.Object({ ...name, stages: Type.Optional(Type.Array(text)) }),
    Type.Object({ model_versions: Type.Optional(Type.Array(ModelVersion)) }),
    { field, alsoMethods: ['GET'] },
  ),
  setRegisteredModelTag: operation(
    'POST /registered-models/set-tag',
    'write',
    'registered-model',
    Type.Object({ ...name, key: text, value: optionalText }),
    empty,
    { field },
  ),
  deleteRegisteredModelTag: operation(
    'DELETE /registered-models/delete-tag',
    'write',
    'registered-model',
    Type.Object({ ...name, key: text }),
    empty,
    { field },
  ),
  setRegisteredModelAlias: operation(
    'POST /registered-models/alias',
    'write',
    'registered-model-alias',
    Type.Object({ ...name, alias: text, version: text }),
    empty,
    { field: 'alias' },
  ),
  deleteRegisteredModelAlias: operation(
    'DELETE /registered-models/alias',
    'write',
    'registered-model-alias',
    Type.Object({ ...name, alias: text }),
    empty,
    { field: 'alias' },
  ),
  getModelVersionByAlias: operation(
    'GET /registered-models/alias',
    'read',
    'registered-model-alias',
    Type.Object({ ...name, alias: text }),
    oneVersion,
    { field: 'alias' },
  ),
  createModelVersion: operation(
    'POST /model-versions/create',
    'write',
    'model-version',
    Type.Object({
      ...name,
      source: text,
      run_id: optionalText,
      tags: Type.Optional(Type.Array(Tag)),
      run_link: optionalText,
      description: optionalText,
      model_id: optionalText,
    }),
    oneVersion,
    { field },
  ),
  updateModelVersion: operation(
    'PATCH /model-versions/update',
    'write',
    'model-version',
    Type.Object({ ...version, description: optionalText }),
    oneVersion,
    { field },
  ),
  transitionModelVersionStage: operation(
    'POST /model-versions/transition-stage',
    'write',
    'model-version',
    Type.Object({ ...version, stage: text, archive_existing_versions: Type.Optional(Type.Boolean()) }),
    oneVersion,
    { field },
  ),
  deleteModelVersion: operation(
    'DELETE /model-versions/delete',
    'delete',
    'model-version',
    Type.Object(version),
    empty,
    {
      field,
    },
  ),
  getModelVersion: operation('GET /model-versions/get', 'read', 'model-version', Type.Object(version), oneVersion, {
    field,
  }),
  searchModelVersions: operation(
    'GET /model-versions/search',
    'read',
    'model-version',
    Type.Object(search),
    page('model_versions', ModelVersion),
  ),
  getModelVersionDownloadUri: operation(
    'GET /model-versions/get-download-uri',
    'read',
    'model-version',
    Type.Object(version),
    Type.Object({ artifact_uri: text }),
    { field },
  ),
  setModelVersionTag: operation(
    'POST /model-versions/set-tag',
    'write',
    'model-version',
    Type.Object({ ...version, key: text, value: optionalText }),
    empty,
    { field },
  ),
  deleteModelVersionTag: operation(
    'DELETE /model-versions/delete-tag',
    'write',
    'model-version',
    Type.Object({ ...version, key: text }),
    empty,
    { field },
  ),
};
