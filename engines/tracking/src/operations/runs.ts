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
import { newRun, run, runs } from './resources.ts';
import { operation } from './table.ts';

const text = Type.String();
const optionalText = Type.Optional(text);
/** Clients name a run by run_id; older ones by run_uuid. */
const runId = { run_id: optionalText, run_uuid: optionalText };
const logged = { audited: false };

export const runOperations = {
  createRun: operation(
    'POST /runs/create',
    'write',
    newRun,
    Type.Object({
      experiment_id: optionalText,
      user_id: optionalText,
      run_name: optionalText,
      start_time: Type.Optional(int64),
      tags: Type.Optional(Type.Array(Tag)),
    }),
    Type.Object({ run: Run }),
  ),
  getRun: operation('GET /runs/get', 'read', run, Type.Object(runId), Type.Object({ run: Run })),
  updateRun: operation(
    'POST /runs/update',
    'write',
    run,
    Type.Object({
      ...runId,
      status: Type.Optional(RunStatus),
      end_time: Type.Optional(int64),
      run_name: optionalText,
    }),
    Type.Object({ run_info: RunInfo }),
  ),
  deleteRun: operation('POST /runs/delete', 'delete', run, Type.Object({ run_id: text }), empty),
  restoreRun: operation('POST /runs/restore', 'delete', run, Type.Object({ run_id: text }), empty),
  searchRuns: operation(
    'POST /runs/search',
    'read',
    runs,
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
    run,
    Type.Object({ ...runId, ...MetricInput.properties }),
    empty,
    logged,
  ),
  logParameter: operation(
    'POST /runs/log-parameter',
    'write',
    run,
    Type.Object({ ...runId, key: text, value: optionalText }),
    empty,
    logged,
  ),
  setTag: operation(
    'POST /runs/set-tag',
    'write',
    run,
    Type.Object({ ...runId, key: text, value: optionalText }),
    empty,
    logged,
  ),
  deleteTag: operation('POST /runs/delete-tag', 'write', run, Type.Object({ run_id: text, key: text }), empty, logged),
  logBatch: operation(
    'POST /runs/log-batch',
    'write',
    run,
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
    run,
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
    run,
    Type.Object({ run_id: text, models: Type.Optional(Type.Array(ModelOutput)) }),
    empty,
    logged,
  ),
  getMetricHistory: operation(
    'GET /metrics/get-history',
    'read',
    run,
    Type.Object({ ...runId, metric_key: text, page_token: optionalText, max_results: Type.Optional(int64) }),
    page('metrics', Metric),
  ),
};
