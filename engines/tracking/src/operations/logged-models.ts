import { Type } from 'typebox';
import { empty, int64, LoggedModel, LoggedModelStatus, Param, page, Tag } from '../messages.ts';
import { loggedModel, loggedModels, newLoggedModel } from './resources.ts';
import { operation } from './table.ts';

const text = Type.String();
const id = { model_id: text };
const one = Type.Object({ model: LoggedModel });

export const loggedModelOperations = {
  createLoggedModel: operation(
    'POST /logged-models',
    'write',
    newLoggedModel,
    Type.Object({
      experiment_id: text,
      name: Type.Optional(text),
      model_type: Type.Optional(text),
      source_run_id: Type.Optional(text),
      params: Type.Optional(Type.Array(Param)),
      tags: Type.Optional(Type.Array(Tag)),
    }),
    one,
  ),
  getLoggedModel: operation(
    'GET /logged-models/:model_id',
    'read',
    loggedModel,
    Type.Object({ ...id, allow_deleted: Type.Optional(Type.Boolean()) }),
    one,
  ),
  finalizeLoggedModel: operation(
    'PATCH /logged-models/:model_id',
    'write',
    loggedModel,
    Type.Object({ ...id, status: LoggedModelStatus }),
    one,
  ),
  deleteLoggedModel: operation('DELETE /logged-models/:model_id', 'delete', loggedModel, Type.Object(id), empty),
  searchLoggedModels: operation(
    'POST /logged-models/search',
    'read',
    loggedModels,
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
    loggedModel,
    Type.Object({ ...id, tags: Type.Optional(Type.Array(Tag)) }),
    empty,
    { audited: false },
  ),
  deleteLoggedModelTag: operation(
    'DELETE /logged-models/:model_id/tags/:tag_key',
    'write',
    loggedModel,
    Type.Object({ ...id, tag_key: text }),
    empty,
    { audited: false },
  ),
  logLoggedModelParams: operation(
    'POST /logged-models/:model_id/params',
    'write',
    loggedModel,
    Type.Object({ ...id, params: Type.Optional(Type.Array(Param)) }),
    empty,
    { audited: false },
  ),
};
