import { PlatformError } from '@mlops/errors';
import type { Selectable } from 'kysely';
import { listField, type ModelVersion, type RegisteredModel } from '../messages.ts';
import { isIn, keyOf, nameOf, type TrackingContext } from './context.ts';
import type { TrackingTables } from './tables.ts';

export type VersionRow = Selectable<TrackingTables['model_versions']>;
type ModelRow = Selectable<TrackingTables['registered_models']>;

export async function viewVersions(context: TrackingContext, rows: readonly VersionRow[]): Promise<ModelVersion[]> {
  if (rows.length === 0) return [];
  const { query } = context.database;
  const ofNames = isIn(context, 'name', [...new Set(rows.map((row) => row.name))]);
  const [tags, aliases] = await Promise.all([
    query.selectFrom('model_version_tags').selectAll().where(ofNames).orderBy('key').execute(),
    query.selectFrom('registered_model_aliases').selectAll().where(ofNames).orderBy('alias').execute(),
  ]);
  const tagsOf = Map.groupBy(tags, (tag) => `${tag.version}/${tag.name}`);
  const aliasesOf = Map.groupBy(aliases, (alias) => `${alias.version}/${alias.name}`);
  return rows.map((row) => {
    const id = `${row.version}/${row.name}`;
    return {
      name: nameOf(row.name),
      version: String(row.version),
      creation_timestamp: row.creation_time,
      last_updated_timestamp: row.last_update_time,
      ...(row.user_id === '' ? {} : { user_id: row.user_id }),
      current_stage: row.stage,
      description: row.description,
      source: row.source,
      run_id: row.run_id,
      status: row.status,
      run_link: row.run_link,
      ...listField(
        'tags',
        (tagsOf.get(id) ?? []).map(({ key, value }) => ({ key, value })),
      ),
      ...listField(
        'aliases',
        (aliasesOf.get(id) ?? []).map(({ alias }) => alias),
      ),
    };
  });
}

export async function viewModels(context: TrackingContext, rows: readonly ModelRow[]): Promise<RegisteredModel[]> {
  if (rows.length === 0) return [];
  const { query } = context.database;
  const ofNames = isIn(
    context,
    'name',
    rows.map((row) => row.name),
  );
  const [tags, aliases, latest] = await Promise.all([
    query.selectFrom('registered_model_tags').selectAll().where(ofNames).orderBy('key').execute(),
    query.selectFrom('registered_model_aliases').selectAll().where(ofNames).orderBy('alias').execute(),
    latestVersions(
      context,
      rows.map((row) => nameOf(row.name)),
    ),
  ]);
  return rows.map((row) => {
    const name = nameOf(row.name);
    const mine = (each: { name: string }) => each.name === row.name;
    return {
      name,
      creation_timestamp: row.creation_time,
      last_updated_timestamp: row.last_update_time,
      ...(row.description === '' ? {} : { description: row.description }),
      ...listField(
        'latest_versions',
        latest.filter((version) => version.name === name),
      ),
      ...listField(
        'tags',
        tags.filter(mine).map(({ key, value }) => ({ key, value })),
      ),
      ...listField(
        'aliases',
        aliases.filter(mine).map(({ alias, version }) => ({ alias, version: String(version) })),
      ),
    };
  });
}

/** The newest version of each stage, of each of the models. */
export async function latestVersions(context: TrackingContext, names: readonly string[]): Promise<ModelVersion[]> {
  const { query } = context.database;
  const newest = query
    .selectFrom('model_versions')
    .select((eb) => ['name', eb.fn.max('version').as('version')])
    .where('deleted', '=', 0)
    .where(
      isIn(
        context,
        'name',
        names.map((name) => keyOf(context, name)),
      ),
    )
    .groupBy(['name', 'stage'])
    .as('newest');
  const rows = await query
    .selectFrom('model_versions')
    .innerJoin(newest, (join) =>
      join.onRef('newest.name', '=', 'model_versions.name').onRef('newest.version', '=', 'model_versions.version'),
    )
    .selectAll('model_versions')
    .orderBy('model_versions.name')
    .orderBy('model_versions.version')
    .execute();
  return viewVersions(context, rows);
}

/** @throws NOT_FOUND */
export async function existingModel(context: TrackingContext, name: string): Promise<ModelRow> {
  const row = await context.database.query
    .selectFrom('registered_models')
    .selectAll()
    .where('name', '=', keyOf(context, name))
    .executeTakeFirst();
  if (!row) throw new PlatformError('NOT_FOUND', `Registered Model with name=${name} not found`);
  return row;
}

/** @throws NOT_FOUND, also for a deleted version */
export async function existingVersion(context: TrackingContext, name: string, version: number): Promise<VersionRow> {
  const row = await context.database.query
    .selectFrom('model_versions')
    .selectAll()
    .where('name', '=', keyOf(context, name))
    .where('version', '=', version)
    .where('deleted', '=', 0)
    .executeTakeFirst();
  if (!row) throw new PlatformError('NOT_FOUND', `Model Version (name=${name}, version=${version}) not found`);
  return row;
}

/**
 * In a transaction: notes the change, and keeps the model from being deleted or renamed before the transaction ends.
 * @throws NOT_FOUND
 */
export async function touchModel(context: TrackingContext, name: string): Promise<void> {
  await context.database.query
    .updateTable('registered_models')
    .set({ last_update_time: Date.now() })
    .where('name', '=', keyOf(context, name))
    .execute();
  await existingModel(context, name);
}
