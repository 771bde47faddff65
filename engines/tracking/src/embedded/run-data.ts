import { PlatformError } from '@mlops/errors';
import type { TrackingOperations } from '../engine.ts';
import { listField, type Metric, type MetricInput, type Param } from '../messages.ts';
import { pageOf, splitPage } from '../search/page.ts';
import { isIn, ofWorkspace, type TrackingContext } from './context.ts';
import { metricWrites, toPoint } from './metric-writes.ts';
import { wireMetric } from './run-view.ts';
import { activeRun, assertActive, noRun, runIdOf, runNamed, upsertTags } from './runs.ts';
import type { RunRow } from './tables.ts';
import { checkBatch, checkKey, checkMetric, cutParamValue, invalid } from './validation.ts';

type Operations = Pick<
  TrackingOperations,
  'logMetric' | 'logParameter' | 'setTag' | 'deleteTag' | 'logBatch' | 'getMetricHistory'
>;

const HISTORY_MAX = 25_000;

export function runDataOperations(context: TrackingContext): Operations {
  const { database } = context;

  /** In a transaction: checks the run and stores the points in one step, then what they tell about models. */
  async function logMetrics(runId: string, metrics: readonly MetricInput[]): Promise<RunRow> {
    const selectRun = runNamed(context, runId);
    const writes = metrics.length === 0 ? [] : metricWrites(database.dialect, runId, metrics.map(toPoint));
    const [found] = await database.batch([selectRun, ...writes]);
    const run = assertActive(found?.rows[0] as RunRow | undefined, runId);
    const ofModels = metrics.filter((metric) => metric.model_id);
    if (ofModels.length > 0) await logModelMetrics(runId, ofModels);
    return run;
  }

  async function logModelMetrics(runId: string, metrics: readonly MetricInput[]): Promise<void> {
    const ids = [...new Set(metrics.map((metric) => metric.model_id ?? ''))];
    const known = await database.query
      .selectFrom('logged_models')
      .select('model_id')
      .where(isIn(context, 'model_id', ids))
      .where(ofWorkspace(context, 'logged_models'))
      .execute();
    const missing = ids.find((id) => !known.some((row) => row.model_id === id));
    if (missing !== undefined) throw new PlatformError('NOT_FOUND', `Logged model with ID '${missing}' not found.`);
    const rows = metrics.map((metric) => ({
      ...toPoint(metric),
      model_id: metric.model_id ?? '',
      run_id: runId,
      dataset_name: metric.dataset_name ?? '',
      dataset_digest: metric.dataset_digest ?? '',
    }));
    await database.query
      .insertInto('logged_model_metrics')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** In a transaction: adds params; a param that has another value already refuses them all. */
  async function logParams(run: RunRow, params: readonly Param[], conflict: typeof batchConflict): Promise<void> {
    if (params.length === 0) return;
    const rows = params.map(({ key, value }) => ({ run: run.id, key, value: cutParamValue(value) }));
    const keys = rows.map((row) => row.key);
    const existing = await database.query
      .selectFrom('params')
      .select(['key', 'value'])
      .where('run', '=', run.id)
      .where(isIn(context, 'key', keys))
      .execute();
    const known = new Map(existing.map((param) => [param.key, param.value]));
    const changed = rows.filter((row) => known.has(row.key) && known.get(row.key) !== row.value);
    if (changed.length > 0) {
      throw conflict(
        changed.map(({ key, value }) => ({ key, old: known.get(key) ?? '', value })),
        run.run_id,
      );
    }
    const fresh = rows.filter((row) => !known.has(row.key));
    if (fresh.length > 0) await database.query.insertInto('params').values(fresh).execute();
  }

  return {
    async logMetric(request) {
      const runId = runIdOf(request);
      checkMetric(request, '');
      await database.write(() => logMetrics(runId, [request]));
      return {};
    },

    async logParameter(request) {
      const runId = runIdOf(request);
      checkKey(request.key, 'key');
      await database.write(async () => logParams(await activeRun(context, runId), [request], singleConflict));
      return {};
    },

    async setTag(request) {
      const runId = runIdOf(request);
      checkKey(request.key, 'key');
      await database.write(async () => upsertTags(context, (await activeRun(context, runId)).id, [request]));
      return {};
    },

    async deleteTag({ run_id: runId, key }) {
      await database.write(async (tx) => {
        const run = await activeRun(context, runId);
        const { numDeletedRows } = await tx
          .deleteFrom('tags')
          .where('run', '=', run.id)
          .where('key', '=', key)
          .executeTakeFirstOrThrow();
        if (numDeletedRows === 0n) {
          throw new PlatformError('NOT_FOUND', `No tag with name: ${key} in run with id ${runId}`);
        }
      });
      return {};
    },

    async logBatch({ run_id: runId, metrics = [], params = [], tags = [] }) {
      checkBatch({ metrics: metrics.length, params: params.length, tags: tags.length });
      metrics.forEach((metric, i) => checkMetric(metric, `metrics[${i}].`));
      params.forEach((param, i) => checkKey(param.key, `params[${i}].key`));
      tags.forEach((tag, i) => checkKey(tag.key, `tags[${i}].key`));
      checkDuplicates(params);
      await database.write(async () => {
        const run = await logMetrics(runId, metrics);
        await logParams(run, params, batchConflict);
        await upsertTags(context, run.id, tags);
      });
      return {};
    },

    async getMetricHistory(request) {
      const runId = runIdOf(request);
      const key = request.metric_key;
      // 0 and absent mean all, as older clients send them.
      const page = pageOf(request.max_results || HISTORY_MAX, request.page_token, { fallback: 0, max: HISTORY_MAX });
      const all = !request.max_results && !request.page_token;
      const run = await runNamed(context, runId).executeTakeFirst();
      if (!run) throw noRun(runId);
      const ordered = database.query
        .selectFrom('metrics')
        .select(['timestamp', 'step', 'value', 'is_nan'])
        .where('run', '=', run.id)
        .where('key', '=', key)
        .orderBy('timestamp')
        .orderBy('step')
        .orderBy('value');
      const rows = await (all ? ordered : ordered.limit(page.limit + 1).offset(page.offset)).execute();
      const { items, next } = all ? { items: rows, next: {} } : splitPage(rows, page);
      const metrics: Metric[] = items.map((row) => wireMetric({ ...row, key }));
      return { ...listField('metrics', metrics), ...next };
    },
  };
}

function checkDuplicates(params: readonly Param[]): void {
  const keys = params.map((param) => param.key);
  const duplicates = [...new Set(keys.filter((key, i) => keys.indexOf(key) !== i))];
  if (duplicates.length === 0) return;
  const listed = duplicates.map((key) => `'${key}'`).join(', ');
  throw invalid(
    'params',
    `Duplicate parameter keys have been submitted: [${listed}]. Please ensure the request contains only one param value per param key.`,
  );
}

interface ChangedParam {
  readonly key: string;
  readonly old: string;
  readonly value: string;
}

function batchConflict(changed: readonly ChangedParam[], runId: string): PlatformError {
  const listed = changed
    .map(({ key, old, value }) => `{'key': '${key}', 'old_value': '${old}', 'new_value': '${value}'}`)
    .join(', ');
  return invalid(
    'params',
    `Changing param values is not allowed. Params were already logged='[${listed}]' for run ID='${runId}'.`,
  );
}

function singleConflict([changed]: readonly ChangedParam[], runId: string): PlatformError {
  const { key, old, value } = changed ?? { key: '', old: '', value: '' };
  return invalid(
    'value',
    `Changing param values is not allowed. Param with key='${key}' was already logged with value='${old}' for run ID='${runId}'. Attempted logging new value '${value}'.`,
  );
}
