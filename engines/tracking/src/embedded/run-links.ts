import type { TrackingOperations } from '../engine.ts';
import type { Dataset, DatasetInput } from '../messages.ts';
import type { TrackingContext } from './context.ts';
import { activeRun } from './runs.ts';
import type { RunRow } from './tables.ts';
import { invalid } from './validation.ts';

type Operations = Pick<TrackingOperations, 'logInputs' | 'logOutputs'>;

const DATASETS_MAX = 1000;
const LENGTHS = {
  name: 500,
  digest: 36,
  source_type: 36,
  source: 65_535,
  schema: 1_048_575,
  profile: 16_777_215,
} as const;
const TAG_KEY_MAX = 255;
const TAG_VALUE_MAX = 500;

/** What a run has used and made: datasets and models. Repeating a link changes nothing. */
export function runLinkOperations(context: TrackingContext): Operations {
  const { database } = context;

  async function linkDataset(run: RunRow, { dataset, tags = [] }: DatasetInput): Promise<void> {
    const identity = { experiment: run.experiment, name: dataset.name, digest: dataset.digest };
    await database.query
      .insertInto('datasets')
      .values({
        ...identity,
        source_type: dataset.source_type,
        source: dataset.source,
        schema: dataset.schema ?? null,
        profile: dataset.profile ?? null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const { id } = await database.query
      .selectFrom('datasets')
      .select('id')
      .where('experiment', '=', identity.experiment)
      .where('name', '=', identity.name)
      .where('digest', '=', identity.digest)
      .executeTakeFirstOrThrow();
    await database.query
      .insertInto('run_datasets')
      .values({ run: run.id, dataset: id })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    for (const { key, value = '' } of tags) {
      await database.query
        .insertInto('run_dataset_tags')
        .values({ run: run.id, dataset: id, key, value })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
  }

  async function linkModels(
    run: RunRow,
    direction: 'input' | 'output',
    models: readonly { model_id: string; step?: number }[],
  ): Promise<void> {
    for (const { model_id, step = 0 } of models) {
      await database.query
        .insertInto('run_models')
        .values({ run: run.id, direction, model_id, step })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
  }

  return {
    async logInputs({ run_id: runId, datasets = [], models = [] }) {
      if (datasets.length > DATASETS_MAX) {
        throw invalid('datasets', `A request can contain at most ${DATASETS_MAX} datasets. Got ${datasets.length}.`);
      }
      datasets.forEach(checkDataset);
      await database.write(async () => {
        const run = await activeRun(context, runId);
        for (const dataset of datasets) await linkDataset(run, dataset);
        await linkModels(run, 'input', models);
      });
      return {};
    },

    async logOutputs({ run_id: runId, models = [] }) {
      await database.write(async () => linkModels(await activeRun(context, runId), 'output', models));
      return {};
    },
  };
}

function checkDataset({ dataset, tags = [] }: DatasetInput, index: number): void {
  for (const [name, max] of Object.entries(LENGTHS)) {
    const length = dataset[name as keyof Dataset]?.length ?? 0;
    if (length > max) {
      const where = `datasets[${index}].dataset.${name}`;
      throw invalid(where, `'${where}' exceeds the maximum length of ${max} characters; it has ${length}.`);
    }
  }
  for (const { key, value = '' } of tags) {
    if (key.length > TAG_KEY_MAX || value.length > TAG_VALUE_MAX) {
      throw invalid(
        `datasets[${index}].tags`,
        `An input tag's key may have ${TAG_KEY_MAX} characters, its value ${TAG_VALUE_MAX}.`,
      );
    }
  }
}
