import { randomUUID } from 'node:crypto';
import { PlatformError } from '@mlops/errors';
import type { Insertable } from 'kysely';
import type { RequestOf, TrackingOperations } from '../engine.ts';
import { listField, type Tag } from '../messages.ts';
import { pageOf, splitPage } from '../search/page.ts';
import { joinUri, ofWorkspace, type TrackingContext } from './context.ts';
import { activeExperiment, uniqueByKey } from './experiments.ts';
import { randomRunName } from './run-names.ts';
import { searchRunRows } from './run-search.ts';
import { runInfo, viewRuns } from './run-view.ts';
import type { RunRow, TrackingTables } from './tables.ts';
import { checkBatch, checkKey, cutTagValue, invalid } from './validation.ts';

type Operations = Pick<
  TrackingOperations,
  'createRun' | 'getRun' | 'updateRun' | 'deleteRun' | 'restoreRun' | 'searchRuns'
>;

const DEFAULT_EXPERIMENT = '0';
const RUN_NAME_TAG = 'mlflow.runName';
const PAGE = { fallback: 1000, max: 50_000 };

export function runOperations(context: TrackingContext): Operations {
  const { database } = context;

  async function setStage(runId: string, stage: 'active' | 'deleted'): Promise<void> {
    const { numUpdatedRows } = await database.write((tx) =>
      tx
        .updateTable('runs')
        .set({ lifecycle_stage: stage, deleted_time: stage === 'deleted' ? Date.now() : null })
        .where('run_id', '=', runId)
        .where(ofWorkspace(context, 'runs'))
        .executeTakeFirstOrThrow(),
    );
    if (numUpdatedRows === 0n) throw noRun(runId);
  }

  return {
    async createRun(request) {
      const row = await database.write(async (tx) => {
        const experimentId = request.experiment_id || DEFAULT_EXPERIMENT;
        const experiment = await activeExperiment(context, experimentId);
        const { artifact_location: location } = await tx
          .selectFrom('experiments')
          .select('artifact_location')
          .where('id', '=', experiment)
          .executeTakeFirstOrThrow();
        const { run, tags } = newRun(request, experiment, location);
        const created = await tx.insertInto('runs').values(run).returningAll().executeTakeFirstOrThrow();
        await tx
          .insertInto('tags')
          .values(tags.map(({ key, value = '' }) => ({ run: created.id, key, value })))
          .execute();
        return created;
      });
      const [run] = await viewRuns(context, [row]);
      if (!run) throw noRun(row.run_id);
      const { outputs: _none, ...withoutOutputs } = run;
      return { run: withoutOutputs };
    },

    async getRun(request) {
      const id = runIdOf(request);
      const row = await runNamed(context, id).executeTakeFirst();
      const [run] = await viewRuns(context, row ? [row] : []);
      if (!run) throw noRun(id);
      return { run };
    },

    async updateRun(request) {
      const id = runIdOf(request);
      const { status, end_time, run_name: name } = request;
      const row = await database.write(async (tx) => {
        const { id: run } = await activeRun(context, id);
        const changes = {
          ...(status === undefined ? {} : { status: status }),
          ...(end_time === undefined ? {} : { end_time }),
          ...(name ? { name } : {}),
        };
        if (Object.keys(changes).length > 0) await tx.updateTable('runs').set(changes).where('id', '=', run).execute();
        if (name) await upsertTags(context, run, [{ key: RUN_NAME_TAG, value: name }]);
        return tx.selectFrom('runs').selectAll().where('id', '=', run).executeTakeFirstOrThrow();
      });
      return { run_info: runInfo(row) };
    },

    async deleteRun({ run_id: id }) {
      await setStage(id, 'deleted');
      return {};
    },

    async restoreRun({ run_id: id }) {
      await setStage(id, 'active');
      return {};
    },

    async searchRuns(request) {
      const page = pageOf(request.max_results, request.page_token, PAGE);
      const { items, next } = splitPage(await searchRunRows(context, request, page), page);
      return { ...listField('runs', await viewRuns(context, items)), ...next };
    },
  };
}

function newRun(
  request: RequestOf<'createRun'>,
  experiment: number,
  location: string,
): { run: Insertable<TrackingTables['runs']>; tags: Tag[] } {
  const tags = request.tags ?? [];
  for (const tag of tags) checkKey(tag.key, 'tags.key');
  checkBatch({ metrics: 0, params: 0, tags: tags.length });
  const tagged = tags.find((tag) => tag.key === RUN_NAME_TAG)?.value;
  if (request.run_name && tagged && request.run_name !== tagged) {
    throw invalid(
      'run_name',
      `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${request.run_name}', mlflow.runName='${tagged}').`,
    );
  }
  const name = request.run_name || tagged || randomRunName();
  const runId = randomUUID().replaceAll('-', '');
  return {
    run: {
      run_id: runId,
      experiment,
      name,
      user_id: request.user_id ?? '',
      status: 'RUNNING',
      start_time: request.start_time ?? 0,
      end_time: null,
      lifecycle_stage: 'active',
      deleted_time: null,
      artifact_uri: joinUri(location, runId, 'artifacts'),
    },
    tags: uniqueByKey([...tags, { key: RUN_NAME_TAG, value: name }]).map(({ key, value }) => ({
      key,
      value: cutTagValue(value),
    })),
  };
}

/** Adds or replaces tags of a run, inside of a transaction; the tag mlflow.runName also names the run. */
export async function upsertTags({ database }: TrackingContext, run: number, tags: readonly Tag[]): Promise<void> {
  if (tags.length === 0) return;
  const rows = uniqueByKey(tags).map(({ key, value }) => ({ run, key, value: cutTagValue(value) }));
  await database.query
    .insertInto('tags')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['run', 'key']).doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
    )
    .execute();
  const name = rows.find((row) => row.key === RUN_NAME_TAG)?.value;
  if (name) await database.query.updateTable('runs').set({ name }).where('id', '=', run).execute();
}

/** A run that takes changes. @throws NOT_FOUND, INVALID_PARAMETER for a deleted one */
export async function activeRun(context: TrackingContext, runId: string): Promise<RunRow> {
  return assertActive(await runNamed(context, runId).executeTakeFirst(), runId);
}

/** A run of the workspace, by its id. */
export function runNamed(context: TrackingContext, runId: string) {
  return context.database.query
    .selectFrom('runs')
    .selectAll()
    .where('run_id', '=', runId)
    .where(ofWorkspace(context, 'runs'));
}

export function assertActive(row: RunRow | undefined, runId: string): RunRow {
  if (!row) throw noRun(runId);
  if (row.lifecycle_stage !== 'active') {
    throw invalid('run_id', `The run ${runId} must be in the 'active' state. Current state is ${row.lifecycle_stage}.`);
  }
  return row;
}

/** Clients name the run as run_id, older ones as run_uuid. */
export function runIdOf(request: { run_id?: string; run_uuid?: string }): string {
  const id = request.run_id || request.run_uuid;
  if (!id) {
    const message =
      "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.";
    throw new PlatformError('MISSING_PARAMETER', message, { field: 'run_id' });
  }
  return id;
}

export function noRun(id: string): PlatformError {
  return new PlatformError('NOT_FOUND', `Run with id=${id} not found`);
}
