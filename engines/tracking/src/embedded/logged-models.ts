import { randomUUID } from 'node:crypto';
import { PlatformError } from '@mlops/errors';
import { toJsonNumber } from '@mlops/json-numbers';
import type { Selectable } from 'kysely';
import type { TrackingOperations } from '../engine.ts';
import { type LoggedModel, type LoggedModelStatus, listField, type Param } from '../messages.ts';
import { pageOf, splitPage } from '../search/page.ts';
import { isIn, joinUri, ofWorkspace, type TrackingContext } from './context.ts';
import { activeExperiment, uniqueByKey } from './experiments.ts';
import { loggedModelSearch } from './logged-model-search.ts';
import { randomRunName } from './run-names.ts';
import type { TrackingTables } from './tables.ts';
import { checkKey, checkLoggedModelName } from './validation.ts';

type Row = Selectable<TrackingTables['logged_models']>;
type Operations = Pick<
  TrackingOperations,
  | 'createLoggedModel'
  | 'getLoggedModel'
  | 'finalizeLoggedModel'
  | 'deleteLoggedModel'
  | 'searchLoggedModels'
  | 'setLoggedModelTags'
  | 'deleteLoggedModelTag'
  | 'logLoggedModelParams'
>;

const PAGE = { fallback: 100, max: 1000 };

export function loggedModelOperations(context: TrackingContext): Operations {
  const { database } = context;

  async function existing(id: string, withDeleted = false): Promise<Row> {
    const row = await loggedModel(context, id);
    if (row.lifecycle_stage !== 'active' && !withDeleted) throw noLoggedModel(id);
    return row;
  }

  async function viewOne(row: Row): Promise<{ model: LoggedModel }> {
    const [model] = await viewLoggedModels(context, [row]);
    if (!model) throw noLoggedModel(row.model_id);
    return { model };
  }

  async function insertParams(id: string, params: readonly Param[]): Promise<void> {
    for (const { key, value = '' } of uniqueByKey(params)) {
      await database.query
        .insertInto('logged_model_params')
        .values({ model_id: id, key, value })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
  }

  async function upsertTags(id: string, tags: readonly Param[]): Promise<void> {
    for (const { key, value = '' } of uniqueByKey(tags)) {
      checkKey(key, 'tags.key');
      await database.query
        .insertInto('logged_model_tags')
        .values({ model_id: id, key, value })
        .onConflict((conflict) => conflict.columns(['model_id', 'key']).doUpdateSet({ value }))
        .execute();
    }
  }

  return {
    async createLoggedModel({ experiment_id, name = '', model_type = '', source_run_id = '', params = [], tags = [] }) {
      checkLoggedModelName(name);
      for (const param of params) checkKey(param.key, 'params.key');
      const now = Date.now();
      const modelId = `m-${randomUUID().replaceAll('-', '')}`;
      const row = await database.write(async (tx) => {
        const experiment = await activeExperiment(context, experiment_id);
        const { artifact_location: location } = await tx
          .selectFrom('experiments')
          .select('artifact_location')
          .where('id', '=', experiment)
          .executeTakeFirstOrThrow();
        const created: Row = {
          model_id: modelId,
          experiment,
          name: name || randomRunName(),
          artifact_uri: joinUri(location, 'models', modelId, 'artifacts'),
          status: 'LOGGED_MODEL_PENDING',
          model_type,
          source_run_id,
          lifecycle_stage: 'active',
          creation_time: now,
          last_update_time: now,
        };
        await tx.insertInto('logged_models').values(created).execute();
        await insertParams(modelId, params);
        await upsertTags(modelId, tags);
        return created;
      });
      return viewOne(row);
    },

    async getLoggedModel({ model_id: id, allow_deleted }) {
      return viewOne(await existing(id, allow_deleted));
    },

    async finalizeLoggedModel({ model_id: id, status }) {
      const row = await database.write(async (tx) => {
        const changed = { ...(await existing(id)), status: status, last_update_time: Date.now() };
        await tx
          .updateTable('logged_models')
          .set({ status: changed.status, last_update_time: changed.last_update_time })
          .where('model_id', '=', id)
          .execute();
        return changed;
      });
      return viewOne(row);
    },

    async deleteLoggedModel({ model_id: id }) {
      await database.write(async (tx) => {
        await existing(id);
        await tx
          .updateTable('logged_models')
          .set({ lifecycle_stage: 'deleted', last_update_time: Date.now() })
          .where('model_id', '=', id)
          .execute();
      });
      return {};
    },

    async searchLoggedModels(request) {
      const page = pageOf(request.max_results, request.page_token, PAGE);
      const { items, next } = splitPage(await loggedModelSearch(context, request, page), page);
      return { ...listField('models', await viewLoggedModels(context, items)), ...next };
    },

    async setLoggedModelTags({ model_id: id, tags = [] }) {
      await database.write(async () => {
        await existing(id);
        await upsertTags(id, tags);
      });
      return {};
    },

    async deleteLoggedModelTag({ model_id: id, tag_key: key }) {
      await database.write(async (tx) => {
        await existing(id);
        const { numDeletedRows } = await tx
          .deleteFrom('logged_model_tags')
          .where('model_id', '=', id)
          .where('key', '=', key)
          .executeTakeFirstOrThrow();
        if (numDeletedRows === 0n) {
          throw new PlatformError('NOT_FOUND', `No tag with key ${key} found for model with ID ${id}.`);
        }
      });
      return {};
    },

    async logLoggedModelParams({ model_id: id, params = [] }) {
      for (const param of params) checkKey(param.key, 'params.key');
      await database.write(async () => {
        await existing(id);
        await insertParams(id, params);
      });
      return {};
    },
  };
}

async function viewLoggedModels(context: TrackingContext, rows: readonly Row[]): Promise<LoggedModel[]> {
  const { query } = context.database;
  const ofModels = isIn(
    context,
    'model_id',
    rows.map((row) => row.model_id),
  );
  const [params, tags, metrics] = await Promise.all([
    query.selectFrom('logged_model_params').selectAll().where(ofModels).orderBy('key').execute(),
    query.selectFrom('logged_model_tags').selectAll().where(ofModels).orderBy('key').execute(),
    query.selectFrom('logged_model_metrics').selectAll().where(ofModels).orderBy('key').orderBy('step').execute(),
  ]);
  return rows.map((row) => {
    const mine = (each: { model_id: string }) => each.model_id === row.model_id;
    const pair = ({ key, value }: { key: string; value: string }) => ({ key, value });
    return {
      info: {
        model_id: row.model_id,
        experiment_id: String(row.experiment),
        name: row.name,
        creation_timestamp_ms: row.creation_time,
        last_updated_timestamp_ms: row.last_update_time,
        artifact_uri: row.artifact_uri,
        status: row.status as LoggedModelStatus,
        model_type: row.model_type,
        ...(row.source_run_id === '' ? {} : { source_run_id: row.source_run_id }),
        ...listField('tags', tags.filter(mine).map(pair)),
      },
      data: {
        ...listField('params', params.filter(mine).map(pair)),
        ...listField(
          'metrics',
          metrics.filter(mine).map((metric) => ({
            key: metric.key,
            value: toJsonNumber(metric.is_nan === 1 ? Number.NaN : metric.value),
            timestamp: metric.timestamp,
            step: metric.step,
            model_id: metric.model_id,
            run_id: metric.run_id,
            ...(metric.dataset_name === '' ? {} : { dataset_name: metric.dataset_name }),
            ...(metric.dataset_digest === '' ? {} : { dataset_digest: metric.dataset_digest }),
          })),
        ),
      },
    };
  });
}

/** A logged model of the workspace, deleted or not. @throws NOT_FOUND */
export async function loggedModel(context: TrackingContext, id: string): Promise<Row> {
  const row = await context.database.query
    .selectFrom('logged_models')
    .selectAll()
    .where('model_id', '=', id)
    .where(ofWorkspace(context, 'logged_models'))
    .executeTakeFirst();
  if (!row) throw noLoggedModel(id);
  return row;
}

export function noLoggedModel(id: string): PlatformError {
  return new PlatformError('NOT_FOUND', `Logged model with ID '${id}' not found.`);
}
