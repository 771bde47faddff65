import { Type } from 'typebox';
import {
  DatasetInput,
  empty,
  int64,
  Metric,
  MetricInput,
  ModelInput,
  ModelOutput,
  Param,
  page,
  Run,
  RunInfo,
  RunStatus,
  Tag,
  ViewType,
} from '../messages.ts';
import { operation } from './table.ts';

const text = Type.String();
const optionalText = Type.Optional(text);
/** Clients name a run by run_id; older ones by run_uuid. */
const run = { run_id: optionalText, run_uuid: optionalText };
const logged = { field: 'run_id', audited: false };

export const runOperations = {
  createRun: operation(
    'POST /runs/create',
    'write',
    'run',
    Type.Object({
      experiment_id: optionalText,
      user_id: optionalText,
      run_name: optionalText,
      start_time: Type.Optional(int64),
      tags: Type.Optional(Type.Array(Tag)),
    }),
    Type.Object({ run: Run }),
    { field: 'run_name' },
  ),
  getRun: operation('GET /runs/get', 'read', 'run', Type.Object(run), Type.Object({ run: Run }), { field: 'run_id' }),
  updateRun: operation(
    'POST /runs/update',
    'write',
    'run',
    Type.Object({
      ...run,
      status: Type.Optional(RunStatus),
      end_time: Type.Optional(int64),
      run_name: optionalText,
    }),
    Type.Object({ run_info: RunInfo }),
    { field: 'run_id' },
  ),
  deleteRun: operation('POST /runs/delete', 'delete', 'run', Type.Object({ run_id: text }), empty, { field: 'run_id' }),
  restoreRun: operation('POST /runs/restore', 'delete', 'run', Type.Object({ run_id: text }), empty, {
    field: 'run_id',
  }),
  searchRuns: operation(
    'POST /runs/search',
    'read',
    'run',
    Type.Object({
      experiment_ids: Type.Optional(Type.Array(text)),
      filter: optionalText,
      run_view_type: Type.Optional(ViewType),
      max_results: Type.Optional(int64),
      order_by: Type.Optional(Type.Array(text)),
      page_token: optionalText,
    }),
    page('runs', Run),
  ),
  logMetric: operation(
    'POST /runs/log-metric',
    'write',
    'run',
    Type.Object({ ...run, ...MetricInput.properties }),
    empty,
    logged,
  ),
  logParameter: operation(
    'POST /runs/log-parameter',
    'write',
    'run',
    Type.Object({ ...run, key: text, value: optionalText }),
    empty,
    logged,
  ),
  setTag: operation(
    'POST /runs/set-tag',
    'write',
    'run',
    Type.Object({ ...run, key: text, value: optionalText }),
    empty,
    logged,
  ),
  deleteTag: operation(
    'POST /runs/delete-tag',
    'write',
    'run',
    Type.Object({ run_id: text, key: text }),
    empty,
    logged,
  ),
  logBatch: operation(
    'POST /runs/log-batch',
    'write',
    'run',
    Type.Object({
      run_id: text,
      metrics: Type.Optional(Type.Array(MetricInput)),
      params: Type.Optional(Type.Array(Param)),
      tags: Type.Optional(Type.Array(Tag)),
    }),
    empty,
    logged,
  ),
  logInputs: operation(
    'POST /runs/log-inputs',
    'write',
    'run',
    Type.Object({
      run_id: text,
      datasets: Type.Optional(Type.Array(DatasetInput)),
      models: Type.Optional(Type.Array(ModelInput)),
    }),
    empty,
    logged,
  ),
  logOutputs: operation(
    'POST /runs/outputs',
    'write',
    'run',
    Type.Object({ run_id: text, models: Type.Optional(Type.Array(ModelOutput)) }),
    empty,
    logged,
  ),
  getMetricHistory: operation(
    'GET /metrics/get-history',
    'read',
    'run',
    Type.Object({ ...run, metric_key: text, page_token: optionalText, max_results: Type.Optional(int64) }),
    page('metrics', Metric),
    { field: 'run_id' },
  ),
};
