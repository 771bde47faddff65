import { Type } from 'typebox';
import { empty, int64, ModelVersion, page, RegisteredModel, Tag } from '../messages.ts';
import {
  alias,
  modelVersion,
  modelVersions,
  newModelVersion,
  newRegisteredModel,
  registeredModel,
  registeredModels,
} from './resources.ts';
import { given, operation } from './table.ts';

const text = Type.String();
const optionalText = Type.Optional(text);
const name = { name: text };
const version = { name: text, version: text };
const oneModel = Type.Object({ registered_model: RegisteredModel });
const oneVersion = Type.Object({ model_version: ModelVersion });
const search = {
  filter: optionalText,
  max_results: Type.Optional(int64),
  order_by: Type.Optional(Type.Array(text)),
  page_token: optionalText,
};

/** A tag's value may be long; the entry says what was decided, not a text of pages. */
const tagDetails = ({ key, value = '' }: { key: string; value?: string }) => ({ key, value: value.slice(0, 500) });

export const registryOperations = {
  createRegisteredModel: operation(
    'POST /registered-models/create',
    'write',
    newRegisteredModel,
    Type.Object({ ...name, tags: Type.Optional(Type.Array(Tag)), description: optionalText }),
    oneModel,
  ),
  renameRegisteredModel: operation(
    'POST /registered-models/rename',
    'write',
    registeredModel,
    Type.Object({ ...name, new_name: optionalText }),
    oneModel,
    { details: ({ new_name }) => given({ new_name }) },
  ),
  updateRegisteredModel: operation(
    'PATCH /registered-models/update',
    'write',
    registeredModel,
    Type.Object({ ...name, description: optionalText }),
    oneModel,
  ),
  deleteRegisteredModel: operation(
    'DELETE /registered-models/delete',
    'delete',
    registeredModel,
    Type.Object(name),
    empty,
  ),
  getRegisteredModel: operation('GET /registered-models/get', 'read', registeredModel, Type.Object(name), oneModel),
  searchRegisteredModels: operation(
    'GET /registered-models/search',
    'read',
    registeredModels,
    Type.Object(search),
    page('registered_models', RegisteredModel),
  ),
  getLatestVersions: operation(
    'POST /registered-models/get-latest-versions',
    'read',
    registeredModel,
    Type.Object({ ...name, stages: Type.Optional(Type.Array(text)) }),
    Type.Object({ model_versions: Type.Optional(Type.Array(ModelVersion)) }),
    { alsoMethods: ['GET'] },
  ),
  setRegisteredModelTag: operation(
    'POST /registered-models/set-tag',
    'write',
    registeredModel,
    Type.Object({ ...name, key: text, value: optionalText }),
    empty,
    { details: tagDetails },
  ),
  deleteRegisteredModelTag: operation(
    'DELETE /registered-models/delete-tag',
    'write',
    registeredModel,
    Type.Object({ ...name, key: text }),
    empty,
  ),
  setRegisteredModelAlias: operation(
    'POST /registered-models/alias',
    'write',
    alias,
    Type.Object({ ...name, alias: text, version: text }),
    empty,
    { details: ({ version }) => ({ version }) },
  ),
  deleteRegisteredModelAlias: operation(
    'DELETE /registered-models/alias',
    'write',
    alias,
    Type.Object({ ...name, alias: text }),
    empty,
  ),
  getModelVersionByAlias: operation(
    'GET /registered-models/alias',
    'read',
    alias,
    Type.Object({ ...name, alias: text }),
    oneVersion,
  ),
  createModelVersion: operation(
    'POST /model-versions/create',
    'write',
    newModelVersion,
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
    { details: ({ source, run_id, model_id }) => given({ source, run_id, model_id }) },
  ),
  updateModelVersion: operation(
    'PATCH /model-versions/update',
    'write',
    modelVersion,
    Type.Object({ ...version, description: optionalText }),
    oneVersion,
  ),
  transitionModelVersionStage: operation(
    'POST /model-versions/transition-stage',
    'write',
    modelVersion,
    Type.Object({ ...version, stage: text, archive_existing_versions: Type.Optional(Type.Boolean()) }),
    oneVersion,
    { details: ({ stage }) => ({ stage }) },
  ),
  deleteModelVersion: operation('DELETE /model-versions/delete', 'delete', modelVersion, Type.Object(version), empty),
  getModelVersion: operation('GET /model-versions/get', 'read', modelVersion, Type.Object(version), oneVersion),
  searchModelVersions: operation(
    'GET /model-versions/search',
    'read',
    modelVersions,
    Type.Object(search),
    page('model_versions', ModelVersion),
  ),
  getModelVersionDownloadUri: operation(
    'GET /model-versions/get-download-uri',
    'read',
    modelVersion,
    Type.Object(version),
    Type.Object({ artifact_uri: text }),
  ),
  setModelVersionTag: operation(
    'POST /model-versions/set-tag',
    'write',
    modelVersion,
    Type.Object({ ...version, key: text, value: optionalText }),
    empty,
    { details: tagDetails },
  ),
  deleteModelVersionTag: operation(
    'DELETE /model-versions/delete-tag',
    'write',
    modelVersion,
    Type.Object({ ...version, key: text }),
    empty,
  ),
};
