import { toJsonNumber } from '@mlops/json-numbers';
import { listField, type Metric, type Run, type RunInfo, type RunStatus } from '../messages.ts';
import { isIn, type TrackingContext } from './context.ts';
import type { RunRow } from './tables.ts';

export function runInfo(row: RunRow): RunInfo {
  return {
    run_uuid: row.run_id,
    experiment_id: String(row.experiment),
    run_name: row.name,
    user_id: row.user_id,
    status: row.status as RunStatus,
    start_time: row.start_time,
    ...(row.end_time ? { end_time: row.end_time } : {}),
    artifact_uri: row.artifact_uri,
    lifecycle_stage: row.lifecycle_stage,
    run_id: row.run_id,
  };
}

/** Runs with all their data, in the order given; a query for each kind of data, however many runs. */
export async function viewRuns(context: TrackingContext, rows: readonly RunRow[]): Promise<Run[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const { query } = context.database;
  const ofRuns = isIn(context, 'run', ids);
  const [metrics, params, tags, datasets, datasetTags, models] = await Promise.all([
    query.selectFrom('latest_metrics').selectAll().where(ofRuns).orderBy('run').orderBy('key').execute(),
    query.selectFrom('params').selectAll().where(ofRuns).orderBy('run').orderBy('key').execute(),
    query.selectFrom('tags').selectAll().where(ofRuns).orderBy('run').orderBy('key').execute(),
    query
      .selectFrom('run_datasets')
      .innerJoin('datasets', 'datasets.id', 'run_datasets.dataset')
      .selectAll()
      .where(ofRuns)
      .orderBy('dataset')
      .execute(),
    query.selectFrom('run_dataset_tags').selectAll().where(ofRuns).orderBy('key').execute(),
    query.selectFrom('run_models').selectAll().where(ofRuns).orderBy('step').orderBy('model_id').execute(),
  ]);
  const by = {
    metrics: groupByRun(metrics),
    params: groupByRun(params),
    tags: groupByRun(tags),
    datasets: groupByRun(datasets),
    datasetTags: groupByRun(datasetTags),
    models: groupByRun(models),
  };
  return rows.map((row) => {
    const runModels = by.models.get(row.id) ?? [];
    return {
      info: runInfo(row),
      data: {
        ...listField('metrics', (by.metrics.get(row.id) ?? []).map(wireMetric)),
        ...listField(
          'params',
          (by.params.get(row.id) ?? []).map(({ key, value }) => ({ key, value })),
        ),
        ...listField(
          'tags',
          (by.tags.get(row.id) ?? []).map(({ key, value }) => ({ key, value })),
        ),
      },
      inputs: {
        ...listField(
          'dataset_inputs',
          (by.datasets.get(row.id) ?? []).map((dataset) => ({
            ...listField(
              'tags',
              (by.datasetTags.get(row.id) ?? [])
                .filter((tag) => tag.dataset === dataset.dataset)
                .map(({ key, value }) => ({ key, value })),
            ),
            dataset: {
              name: dataset.name,
              digest: dataset.digest,
              source_type: dataset.source_type,
              source: dataset.source,
              ...(dataset.schema === null ? {} : { schema: dataset.schema }),
              ...(dataset.profile === null ? {} : { profile: dataset.profile }),
            },
          })),
        ),
        ...listField(
          'model_inputs',
          runModels.filter((m) => m.direction === 'input').map(({ model_id }) => ({ model_id })),
        ),
      },
      outputs: {
        ...listField(
          'model_outputs',
          runModels.filter((m) => m.direction === 'output').map(({ model_id, step }) => ({ model_id, step })),
        ),
      },
    };
  });
}

export function wireMetric(row: {
  key: string;
  value: number;
  is_nan: number;
  timestamp: number;
  step: number;
}): Metric {
  return {
    key: row.key,
    value: toJsonNumber(row.is_nan === 1 ? Number.NaN : row.value),
    timestamp: row.timestamp,
    step: row.step,
  };
}

function groupByRun<T extends { run: number }>(rows: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) {
    const group = groups.get(row.run);
    if (group) group.push(row);
    else groups.set(row.run, [row]);
  }
  return groups;
}
