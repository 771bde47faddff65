import { Type } from 'typebox';
import { Experiment, empty, int64, page, Tag, ViewType } from '../messages.ts';
import { experiment, experimentByName, experiments, newExperiment } from './resources.ts';
import { operation } from './table.ts';

const text = Type.String();
const id = { experiment_id: text };

export const experimentOperations = {
  createExperiment: operation(
    'POST /experiments/create',
    'write',
    newExperiment,
    Type.Object({ name: text, artifact_location: Type.Optional(text), tags: Type.Optional(Type.Array(Tag)) }),
    Type.Object(id),
    { details: ({ name }) => ({ name }) },
  ),
  getExperiment: operation(
    'GET /experiments/get',
    'read',
    experiment,
    Type.Object(id),
    Type.Object({ experiment: Experiment }),
  ),
  getExperimentByName: operation(
    'GET /experiments/get-by-name',
    'read',
    experimentByName,
    Type.Object({ experiment_name: text }),
    Type.Object({ experiment: Experiment }),
  ),
  searchExperiments: operation(
    'POST /experiments/search',
    'read',
    experiments,
    Type.Object({
      max_results: Type.Optional(int64),
      page_token: Type.Optional(text),
      filter: Type.Optional(text),
      order_by: Type.Optional(Type.Array(text)),
      view_type: Type.Optional(ViewType),
    }),
    page('experiments', Experiment),
    { alsoMethods: ['GET'] },
  ),
  updateExperiment: operation(
    'POST /experiments/update',
    'write',
    experiment,
    Type.Object({ ...id, new_name: Type.Optional(text) }),
    empty,
    { details: ({ new_name = '' }) => ({ new_name }) },
  ),
  deleteExperiment: operation('POST /experiments/delete', 'delete', experiment, Type.Object(id), empty),
  restoreExperiment: operation('POST /experiments/restore', 'delete', experiment, Type.Object(id), empty),
  setExperimentTag: operation(
    'POST /experiments/set-experiment-tag',
    'write',
    experiment,
    Type.Object({ ...id, key: text, value: Type.Optional(text) }),
    empty,
  ),
  deleteExperimentTag: operation(
    'POST /experiments/delete-experiment-tag',
    'write',
    experiment,
    Type.Object({ ...id, key: text }),
    empty,
  ),
};
