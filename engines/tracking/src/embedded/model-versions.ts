import type { TrackingOperations } from '../engine.ts';
import { listField, type ModelVersion } from '../messages.ts';
import { pageOf, splitPage } from '../search/page.ts';
import { keyOf, type TrackingContext } from './context.ts';
import { uniqueByKey } from './experiments.ts';
import { directoryDigest, resolveSource } from './model-source.ts';
import { searchVersionRows } from './registry-search.ts';
import { existingVersion, touchModel, type VersionRow, viewVersions } from './registry-view.ts';
import { canonicalStage } from './stages.ts';
import { checkDescription, checkModelName, checkRegistryTag, versionNumber } from './validation.ts';

type Operations = Pick<
  TrackingOperations,
  | 'createModelVersion'
  | 'updateModelVersion'
  | 'transitionModelVersionStage'
  | 'deleteModelVersion'
  | 'getModelVersion'
  | 'searchModelVersions'
  | 'getModelVersionDownloadUri'
  | 'setModelVersionTag'
  | 'deleteModelVersionTag'
>;

const PAGE = { fallback: 200_000, max: 200_000 };
const REDACTED = {
  description: '',
  user_id: '',
  source: 'REDACTED-SOURCE-PATH',
  run_id: 'REDACTED-RUN-ID',
  run_link: '',
};
const VERSIONS_TAG = 'mlflow.modelVersions';

export function modelVersionOperations(context: TrackingContext): Operations {
  const { database, workspace } = context;
  const keyed = (name: string) => keyOf(context, name);

  async function viewOne(name: string, version: number): Promise<{ model_version: ModelVersion }> {
    const [model_version] = await viewVersions(context, [await existingVersion(context, name, version)]);
    return { model_version: model_version as ModelVersion };
  }

  /** In a transaction that has touched the model: the next number, also after deleted versions. */
  async function nextVersion(name: string): Promise<number> {
    const { newest } = await database.query
      .selectFrom('model_versions')
      .select((eb) => eb.fn.max('version').as('newest'))
      .where('name', '=', keyed(name))
      .executeTakeFirstOrThrow();
    return (newest ?? 0) + 1;
  }

  async function update(name: string, text: string, change: (row: VersionRow) => Partial<VersionRow>) {
    const version = versionNumber(text);
    return database.write(async (tx) => {
      const row = await existingVersion(context, name, version);
      await tx
        .updateTable('model_versions')
        .set({ ...change(row), last_update_time: Date.now() })
        .where('name', '=', keyed(name))
        .where('version', '=', version)
        .execute();
      await touchModel(context, name);
      return viewOne(name, version);
    });
  }

  /** A logged model names the versions that were made of it. */
  async function noteVersion(modelId: string, name: string, version: number): Promise<void> {
    const tag = await database.query
      .selectFrom('logged_model_tags')
      .select('value')
      .where('model_id', '=', modelId)
      .where('key', '=', VERSIONS_TAG)
      .executeTakeFirst();
    const known = JSON.parse(tag?.value || '[]') as { name: string; version: number }[];
    const value = JSON.stringify([...known, { name, version }]);
    await database.query
      .insertInto('logged_model_tags')
      .values({ model_id: modelId, key: VERSIONS_TAG, value })
      .onConflict((conflict) => conflict.columns(['model_id', 'key']).doUpdateSet({ value }))
      .execute();
  }

  return {
    async createModelVersion(request) {
      const { name, source, tags = [], run_link = '', description = '', model_id } = request;
      checkModelName(name);
      checkDescription(description);
      for (const tag of tags) checkRegistryTag(tag.key, tag.value ?? '');
      return database.write(async (tx) => {
        // Whoever comes second waits here, and gets the next number.
        await touchModel(context, name);
        const { storageLocation, runId } = await resolveSource(context, request);
        const version = await nextVersion(name);
        const now = Date.now();
        await tx
          .insertInto('model_versions')
          .values({
            name: keyed(name),
            workspace,
            version,
            creation_time: now,
            last_update_time: now,
            description,
            user_id: '',
            stage: 'None',
            source,
            storage_location: storageLocation,
            run_id: runId,
            run_link,
            status: 'READY',
            digest: await directoryDigest(context, storageLocation),
            deleted: 0,
          })
          .execute();
        for (const { key, value = '' } of uniqueByKey(tags)) {
          await tx
            .insertInto('model_version_tags')
            .values({ name: keyed(name), version, key, value })
            .execute();
        }
        if (model_id) await noteVersion(model_id, name, version);
        return viewOne(name, version);
      });
    },

    updateModelVersion: ({ name, version, description = '' }) =>
      update(name, version, () => ({ description: checkDescription(description) })),

    async transitionModelVersionStage({ name, version, stage, archive_existing_versions: archive = false }) {
      const target = canonicalStage(stage);
      return database.write(async (tx) => {
        const result = await update(name, version, () => ({ stage: target }));
        if (archive && (target === 'Staging' || target === 'Production')) {
          await tx
            .updateTable('model_versions')
            .set({ stage: 'Archived', last_update_time: Date.now() })
            .where('name', '=', keyed(name))
            .where('stage', '=', target)
            .where('deleted', '=', 0)
            .where('version', '!=', versionNumber(version))
            .execute();
        }
        return result;
      });
    },

    async deleteModelVersion({ name, version: text }) {
      const version = versionNumber(text);
      await database.write(async (tx) => {
        await existingVersion(context, name, version);
        await tx
          .updateTable('model_versions')
          .set({ ...REDACTED, deleted: 1, last_update_time: Date.now() })
          .where('name', '=', keyed(name))
          .where('version', '=', version)
          .execute();
        await touchModel(context, name);
        for (const table of ['model_version_tags', 'registered_model_aliases'] as const) {
          await tx.deleteFrom(table).where('name', '=', keyed(name)).where('version', '=', version).execute();
        }
      });
      return {};
    },

    getModelVersion: ({ name, version }) => viewOne(name, versionNumber(version)),

    async searchModelVersions(request) {
      const page = pageOf(request.max_results, request.page_token, PAGE);
      const { items, next } = splitPage(await searchVersionRows(context, request, page), page);
      return { ...listField('model_versions', await viewVersions(context, items)), ...next };
    },

    async getModelVersionDownloadUri({ name, version }) {
      const row = await existingVersion(context, name, versionNumber(version));
      // As MLflow does: its clients resolve a run's path themselves.
      return { artifact_uri: row.source.startsWith('runs:/') ? row.source : row.storage_location };
    },

    async setModelVersionTag({ name, version: text, key, value = '' }) {
      checkRegistryTag(key, value);
      await database.write(async (tx) => {
        await touchModel(context, name);
        const { version } = await existingVersion(context, name, versionNumber(text));
        await tx
          .insertInto('model_version_tags')
          .values({ name: keyed(name), version, key, value })
          .onConflict((conflict) => conflict.columns(['name', 'version', 'key']).doUpdateSet({ value }))
          .execute();
        await update(name, text, () => ({}));
      });
      return {};
    },

    async deleteModelVersionTag({ name, version: text, key }) {
      await database.write(async (tx) => {
        const { version } = await existingVersion(context, name, versionNumber(text));
        await tx
          .deleteFrom('model_version_tags')
          .where('name', '=', keyed(name))
          .where('version', '=', version)
          .where('key', '=', key)
          .execute();
      });
      return {};
    },
  };
}
