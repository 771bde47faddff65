import { isUniqueViolation } from '@mlops/database';
import { PlatformError } from '@mlops/errors';
import type { TrackingOperations } from '../engine.ts';
import { listField, type RegisteredModel } from '../messages.ts';
import { pageOf, splitPage } from '../search/page.ts';
import { keyOf, type TrackingContext } from './context.ts';
import { uniqueByKey } from './experiments.ts';
import { searchModelRows } from './registry-search.ts';
import {
  existingModel,
  existingVersion,
  latestVersions,
  touchModel,
  viewModels,
  viewVersions,
} from './registry-view.ts';
import { canonicalStage } from './stages.ts';
import {
  checkAlias,
  checkDescription,
  checkModelName,
  checkRegistryTag,
  invalid,
  versionNumber,
} from './validation.ts';

type Operations = Pick<
  TrackingOperations,
  | 'createRegisteredModel'
  | 'renameRegisteredModel'
  | 'updateRegisteredModel'
  | 'deleteRegisteredModel'
  | 'getRegisteredModel'
  | 'searchRegisteredModels'
  | 'getLatestVersions'
  | 'setRegisteredModelTag'
  | 'deleteRegisteredModelTag'
  | 'setRegisteredModelAlias'
  | 'deleteRegisteredModelAlias'
  | 'getModelVersionByAlias'
>;

const PAGE = { fallback: 100, max: 1000 };

export function registeredModelOperations(context: TrackingContext): Operations {
  const { database, workspace } = context;
  const keyed = (name: string) => keyOf(context, name);

  async function viewByName(name: string): Promise<{ registered_model: RegisteredModel }> {
    const [model] = await viewModels(context, [await existingModel(context, name)]);
    return { registered_model: model as RegisteredModel };
  }

  return {
    async createRegisteredModel({ name, description = '', tags = [] }) {
      checkModelName(name);
      checkDescription(description);
      for (const tag of tags) checkRegistryTag(tag.key, tag.value ?? '');
      const now = Date.now();
      return database.write(async (tx) => {
        await tx
          .insertInto('registered_models')
          .values({ name: keyed(name), workspace, description, creation_time: now, last_update_time: now })
          .execute()
          .catch((error: unknown) => {
            throw isUniqueViolation(error) ? modelExists(name) : error;
          });
        for (const { key, value = '' } of uniqueByKey(tags)) {
          await tx
            .insertInto('registered_model_tags')
            .values({ name: keyed(name), key, value })
            .execute();
        }
        return viewByName(name);
      });
    },

    async renameRegisteredModel({ name, new_name: newName }) {
      if (!newName) throw invalid('new_name', 'Registered model name cannot be empty.');
      checkModelName(newName);
      return database.write(async (tx) => {
        await existingModel(context, name);
        await tx
          .updateTable('registered_models')
          .set({ name: keyed(newName), last_update_time: Date.now() })
          .where('name', '=', keyed(name))
          .execute()
          .catch((error: unknown) => {
            throw isUniqueViolation(error) ? modelExists(newName) : error;
          });
        return viewByName(newName);
      });
    },

    async updateRegisteredModel({ name, description }) {
      return database.write(async (tx) => {
        await existingModel(context, name);
        await tx
          .updateTable('registered_models')
          .set({ description: checkDescription(description ?? ''), last_update_time: Date.now() })
          .where('name', '=', keyed(name))
          .execute();
        return viewByName(name);
      });
    },

    async deleteRegisteredModel({ name }) {
      await database.write(async (tx) => {
        await existingModel(context, name);
        await tx.deleteFrom('registered_models').where('name', '=', keyed(name)).execute();
      });
      return {};
    },

    getRegisteredModel: ({ name }) => viewByName(name),

    async searchRegisteredModels(request) {
      const page = pageOf(request.max_results, request.page_token, PAGE);
      const { items, next } = splitPage(await searchModelRows(context, request, page), page);
      return { ...listField('registered_models', await viewModels(context, items)), ...next };
    },

    async getLatestVersions({ name, stages = [] }) {
      await existingModel(context, name);
      const wanted = stages.map(canonicalStage);
      const versions = await latestVersions(context, [name]);
      const chosen = versions.filter((version) => wanted.length === 0 || wanted.includes(version.current_stage));
      return listField('model_versions', chosen);
    },

    async setRegisteredModelTag({ name, key, value = '' }) {
      checkRegistryTag(key, value);
      await database.write(async (tx) => {
        await touchModel(context, name);
        await tx
          .insertInto('registered_model_tags')
          .values({ name: keyed(name), key, value })
          .onConflict((conflict) => conflict.columns(['name', 'key']).doUpdateSet({ value }))
          .execute();
      });
      return {};
    },

    async deleteRegisteredModelTag({ name, key }) {
      await database.write(async (tx) => {
        await existingModel(context, name);
        await tx.deleteFrom('registered_model_tags').where('name', '=', keyed(name)).where('key', '=', key).execute();
      });
      return {};
    },

    async setRegisteredModelAlias({ name, alias, version: text }) {
      checkAlias(alias);
      const version = versionNumber(text);
      await database.write(async (tx) => {
        await touchModel(context, name);
        await existingVersion(context, name, version);
        await tx
          .insertInto('registered_model_aliases')
          .values({ name: keyed(name), alias, version })
          .onConflict((conflict) => conflict.columns(['name', 'alias']).doUpdateSet({ version }))
          .execute();
      });
      return {};
    },

    async deleteRegisteredModelAlias({ name, alias }) {
      await database.write(async (tx) => {
        await existingModel(context, name);
        await tx
          .deleteFrom('registered_model_aliases')
          .where('name', '=', keyed(name))
          .where('alias', '=', alias)
          .execute();
      });
      return {};
    },

    async getModelVersionByAlias({ name, alias }) {
      await existingModel(context, name);
      const query = database.query.selectFrom('model_versions').selectAll('model_versions').where('deleted', '=', 0);
      const row =
        alias.toLowerCase() === 'latest'
          ? await query.where('name', '=', keyed(name)).orderBy('version', 'desc').limit(1).executeTakeFirst()
          : await query
              .innerJoin('registered_model_aliases as a', (join) =>
                join.onRef('a.name', '=', 'model_versions.name').onRef('a.version', '=', 'model_versions.version'),
              )
              .where('a.name', '=', keyed(name))
              .where('a.alias', '=', alias)
              .executeTakeFirst();
      const [version] = await viewVersions(context, row ? [row] : []);
      if (!version) throw invalid('alias', `Registered model alias ${alias} not found.`);
      return { model_version: version };
    },
  };
}

function modelExists(name: string): PlatformError {
  return new PlatformError('ALREADY_EXISTS', `Registered Model (name=${name}) already exists.`);
}
