import { Type } from 'typebox';
import { empty, int64, LoggedModel, LoggedModelStatus, Param, page, Tag } from '../messages.ts';
import { operation } from './table.ts';

const text = Type.String();
const id = { model_id: text };
const field = 'model_id';
const one = Type.Object({ model: LoggedModel });

export const loggedModelOperations = {
  createLoggedModel: operation(
    'POST /logged-models',
    'write',
    'logged-model',
    Type.Object({
      experiment_id: text,
      name: Type.Optional(text),
      model_type: Type.Optional(text),
      source_run_id: Type.Optional(text),
      params: Type.Optional(Type.Array(Param)),
      tags: Type.Optional(Type.Array(Tag)),
    }),
    one,
    { field: 'name' },
  ),
  getLoggedModel: operation(
    'GET /logged-models/:model_id',
    'read',
    'logged-model',
    Type.Object({ ...id, allow_deleted: Type.Optional(Type.Boolean()) }),
    one,
    { field },
  ),
  finalizeLoggedModel: operation(
    'PATCH /logged-models/:model_id',
    'write',
    'logged-model',
    Type.Object({ ...id, status: LoggedModelStatus }),
    one,
    { field },
  ),
  deleteLoggedModel: operation('DELETE /logged-models/:model_id', 'delete', 'logged-model', Type.Object(id), empty, {
    field,
  }),
  searchLoggedModels: operation(
    'POST /logged-models/search',
    'read',
    'logged-model',
    Type.Object({
      experiment_ids: Type.Optional(Type.Array(text)),
      filter: Type.Optional(text),
      datasets: Type.Optional(Type.Array(Type.Object({ dataset_name: text, dataset_digest: Type.Optional(text) }))),
      max_results: Type.Optional(int64),
      order_by: Type.Optional(
        Type.Array(
          Type.Object({
            field_name: text,
            ascending: Type.Optional(Type.Boolean()),
            dataset_name: Type.Optional(text),
            dataset_digest: Type.Optional(text),
          }),
        ),
      ),
      page_token: Type.Optional(text),
    }),
    page('models', LoggedModel),
  ),
  setLoggedModelTags: operation(
    'PATCH /logged-models/:model_id/tags',
    'write',
    'logged-model',
    Type.Object({ ...id, tags: Type.Optional(Type.Array(Tag)) }),
    empty,
    { field, audited: false },
  ),
  deleteLoggedModelTag: operation(
    'DELETE /logged-models/:model_id/tags/:tag_key',
    'write',
    'logged-model',
    Type.Object({ ...id, tag_key: text }),
    empty,
    { field, audited: false },
  ),
  logLoggedModelParams: operation(
    'POST /logged-models/:model_id/params',
    'write',
    'logged-model',
    Type.Object({ ...id, params: Type.Optional(Type.Array(Param)) }),
    empty,
    { field, audited: false },
  ),
};
