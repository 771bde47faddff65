import { isUniqueViolation } from '@mlops/database';
import { PlatformError } from '@mlops/errors';
import type { Selectable } from 'kysely';
import type { TrackingOperations } from '../engine.ts';
import { type Experiment, listField } from '../messages.ts';
import { pageOf, splitPage } from '../search/page.ts';
import { DEFAULT_WORKSPACE, isIn, joinUri, keyOf, nameOf, type TrackingContext } from './context.ts';
import { experimentSearch } from './experiment-search.ts';
import type { TrackingTables } from './tables.ts';
import {
  checkArtifactLocation,
  checkExperimentName,
  checkExperimentTag,
  checkKey,
  experimentNumber,
  invalid,
} from './validation.ts';

type ExperimentRow = Selectable<TrackingTables['experiments']>;
type Operations = Pick<
  TrackingOperations,
  | 'createExperiment'
  | 'getExperiment'
  | 'getExperimentByName'
  | 'searchExperiments'
  | 'updateExperiment'
  | 'deleteExperiment'
  | 'restoreExperiment'
  | 'setExperimentTag'
  | 'deleteExperimentTag'
>;

const DEFAULT_NAME = 'Default';
const PAGE = { fallback: 0, max: 50_000 };

export function experimentOperations(context: TrackingContext): Operations {
  const { database } = context;

  async function view(rows: readonly ExperimentRow[]): Promise<Experiment[]> {
    const ids = rows.map((row) => row.id);
    const tags = await database.query
      .selectFrom('experiment_tags')
      .selectAll()
      .where(isIn(context, 'experiment', ids))
      .orderBy('key')
      .execute();
    return rows.map((row) => ({
      experiment_id: String(row.id),
      name: nameOf(row.name),
      artifact_location: row.artifact_location,
      lifecycle_stage: row.lifecycle_stage,
      last_update_time: row.last_update_time,
      creation_time: row.creation_time,
      ...listField(
        'tags',
        tags.filter((tag) => tag.experiment === row.id).map(({ key, value }) => ({ key, value })),
      ),
    }));
  }

  async function setStage(id: string, stage: 'active' | 'deleted'): Promise<void> {
    const number = experimentNumber(id);
    const now = Date.now();
    await database.write(async (tx) => {
      const from = stage === 'active' ? 'deleted' : 'active';
      const { numUpdatedRows } = await tx
        .updateTable('experiments')
        .set({ lifecycle_stage: stage, last_update_time: now })
        .where('id', '=', number)
        .where('workspace', '=', context.workspace)
        .where('lifecycle_stage', '=', from)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) throw noExperiment(id);
      await tx
        .updateTable('runs')
        .set({ lifecycle_stage: stage, deleted_time: stage === 'deleted' ? now : null })
        .where('experiment', '=', number)
        .execute();
    });
  }

  return {
    async createExperiment({ name, artifact_location: location, tags = [] }) {
      checkExperimentName(name);
      if (location) checkArtifactLocation(location);
      for (const tag of tags) checkExperimentTag(tag.key, tag.value ?? '');
      const now = Date.now();
      const id = await database.write(async (tx) => {
        const row = {
          name: keyOf(context, name),
          workspace: context.workspace,
          artifact_location: '',
          lifecycle_stage: 'active',
          creation_time: now,
          last_update_time: now,
        };
        const created = await tx
          .insertInto('experiments')
          .values(row)
          .returning('id')
          .executeTakeFirstOrThrow()
          .catch((error: unknown) => {
            throw isUniqueViolation(error) ? experimentExists(name) : error;
          });
        const artifact_location = location || joinUri(context.artifactRoot, ...ownFolder(context), String(created.id));
        await tx.updateTable('experiments').set({ artifact_location }).where('id', '=', created.id).execute();
        for (const { key, value = '' } of uniqueByKey(tags)) {
          await tx.insertInto('experiment_tags').values({ experiment: created.id, key, value }).execute();
        }
        return created.id;
      });
      return { experiment_id: String(id) };
    },

    async getExperiment({ experiment_id: id }) {
      const row = await database.query
        .selectFrom('experiments')
        .selectAll()
        .where('id', '=', experimentNumber(id))
        .where('workspace', '=', context.workspace)
        .executeTakeFirst();
      const [experiment] = await view(row ? [row] : []);
      if (!experiment) throw noExperiment(id);
      return { experiment };
    },

    async getExperimentByName({ experiment_name: name }) {
      const row = await database.query
        .selectFrom('experiments')
        .selectAll()
        .where('name', '=', keyOf(context, name))
        .executeTakeFirst();
      const [experiment] = await view(row ? [row] : []);
      if (!experiment) throw new PlatformError('NOT_FOUND', `Could not find experiment with name '${name}'`);
      return { experiment };
    },

    async searchExperiments(request) {
      const page = pageOf(request.max_results, request.page_token, PAGE);
      const rows = await experimentSearch(context, request, page);
      const { items, next } = splitPage(rows, page);
      return { ...listField('experiments', await view(items)), ...next };
    },

    async updateExperiment({ experiment_id: id, new_name: name }) {
      if (name) checkExperimentName(name);
      await database.write(async (tx) => {
        const row = await tx
          .selectFrom('experiments')
          .select('lifecycle_stage')
          .where('id', '=', experimentNumber(id))
          .where('workspace', '=', context.workspace)
          .executeTakeFirst();
        if (!row) throw noExperiment(id);
        if (!name) return;
        if (row.lifecycle_stage !== 'active') {
          throw new PlatformError('INVALID_STATE', 'Cannot rename a non-active experiment.');
        }
        await tx
          .updateTable('experiments')
          .set({ name: keyOf(context, name), last_update_time: Date.now() })
          .where('id', '=', experimentNumber(id))
          .execute()
          .catch((error: unknown) => {
            throw isUniqueViolation(error) ? experimentExists(name) : error;
          });
      });
      return {};
    },

    async deleteExperiment({ experiment_id: id }) {
      await setStage(id, 'deleted');
      return {};
    },

    async restoreExperiment({ experiment_id: id }) {
      await setStage(id, 'active');
      return {};
    },

    async setExperimentTag({ experiment_id: id, key, value = '' }) {
      checkExperimentTag(key, value);
      await database.write(async (tx) => {
        const experiment = await activeExperiment(context, id);
        await tx
          .insertInto('experiment_tags')
          .values({ experiment, key, value })
          .onConflict((conflict) => conflict.columns(['experiment', 'key']).doUpdateSet({ value }))
          .execute();
      });
      return {};
    },

    async deleteExperimentTag({ experiment_id: id, key }) {
      checkKey(key, 'key');
      await database.write(async (tx) => {
        const experiment = await activeExperiment(context, id);
        const { numDeletedRows } = await tx
          .deleteFrom('experiment_tags')
          .where('experiment', '=', experiment)
          .where('key', '=', key)
          .executeTakeFirstOrThrow();
        if (numDeletedRows === 0n) {
          throw new PlatformError('NOT_FOUND', `No tag with name: ${key} in experiment with id ${id}`);
        }
      });
      return {};
    },
  };
}

/** The number of an experiment that takes changes. @throws NOT_FOUND, INVALID_STATE */
export async function activeExperiment({ database, workspace }: TrackingContext, id: string): Promise<number> {
  const row = await database.query
    .selectFrom('experiments')
    .select(['id', 'lifecycle_stage'])
    .where('id', '=', experimentNumber(id))
    .where('workspace', '=', workspace)
    .executeTakeFirst();
  if (!row) throw noExperiment(id);
  if (row.lifecycle_stage !== 'active') {
    throw invalid(
      'experiment_id',
      `The experiment ${id} must be in the 'active' state. Current state is ${row.lifecycle_stage}.`,
    );
  }
  return row.id;
}

/** See `inWorkspace`: each workspace but `default` has its artifacts in a folder of its own. */
function ownFolder({ workspace }: TrackingContext): string[] {
  return workspace === DEFAULT_WORKSPACE ? [] : ['workspaces', workspace];
}

/** The experiment that exists from the start: named Default, in the workspace `default` number 0. */
export async function ensureDefaultExperiment(context: TrackingContext): Promise<void> {
  const { database, artifactRoot, workspace } = context;
  if (workspace !== DEFAULT_WORKSPACE) {
    const { getExperimentByName, createExperiment } = experimentOperations(context);
    const known = await ifExists(getExperimentByName({ experiment_name: DEFAULT_NAME }));
    if (!known) await createExperiment({ name: DEFAULT_NAME });
    return;
  }
  const now = Date.now();
  const row = {
    id: 0,
    name: DEFAULT_NAME,
    workspace: DEFAULT_WORKSPACE,
    artifact_location: joinUri(artifactRoot, '0'),
    lifecycle_stage: 'active',
    creation_time: now,
    last_update_time: now,
  };
  await database.write((tx) =>
    tx
      .insertInto('experiments')
      .values(row)
      .onConflict((c) => c.doNothing())
      .execute(),
  );
}

/** What a look-up of one thing finds; undefined where there is none. */
async function ifExists<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** Of several tags with one key the last counts, as an upsert of each in order would leave it. */
export function uniqueByKey<T extends { key: string }>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [item.key, item])).values()];
}

function noExperiment(id: string): PlatformError {
  return new PlatformError('NOT_FOUND', `No Experiment with id=${id} exists`);
}

function experimentExists(name: string): PlatformError {
  return new PlatformError(
    'ALREADY_EXISTS',
    `Experiment(name=${name}) already exists. It may be a deleted one: restore it, or choose another name.`,
  );
}
