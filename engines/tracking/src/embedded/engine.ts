import type { BlobStore } from '@mlops/blobs';
import { type Database, migrate } from '@mlops/database';
import { PlatformError } from '@mlops/errors';
import type { TrackingEngine } from '../engine.ts';
import { type ExperimentFinders, rootOf } from '../roots.ts';
import { artifactProxy, isStored } from './artifacts.ts';
import type { TrackingContext } from './context.ts';
import { ensureDefaultExperiment, experimentOperations } from './experiments.ts';
import { loggedModelOperations } from './logged-models.ts';
import { proxiedDirectory } from './model-source.ts';
import { modelVersionOperations } from './model-versions.ts';
import { registeredModelOperations } from './registered-models.ts';
import { existingVersion } from './registry-view.ts';
import { runDataOperations } from './run-data.ts';
import { runLinkOperations } from './run-links.ts';
import { runOperations } from './runs.ts';
import { trackingSchema } from './schema.ts';
import type { TrackingTables } from './tables.ts';
import { versionNumber } from './validation.ts';

export interface EmbeddedTrackingOptions {
  readonly database: Database<unknown>;
  readonly blobs: BlobStore;
  /** Default `mlflow-artifacts:/`: clients send artifacts through this server. */
  readonly artifactRoot?: string;
}

/** The tracking engine in this process, on a database and a blob store that the caller opens and closes. */
export async function openTracking(options: EmbeddedTrackingOptions): Promise<TrackingEngine> {
  await migrate(options.database, 'tracking', trackingSchema);
  const context: TrackingContext = {
    database: options.database.as<TrackingTables>(),
    blobs: options.blobs,
    artifactRoot: options.artifactRoot ?? 'mlflow-artifacts:/',
  };
  await ensureDefaultExperiment(context);
  return {
    operations: {
      ...experimentOperations(context),
      ...runOperations(context),
      ...runDataOperations(context),
      ...runLinkOperations(context),
      ...loggedModelOperations(context),
      ...registeredModelOperations(context),
      ...modelVersionOperations(context),
    },
    artifacts: artifactProxy(context),
    async modelVersionFiles(name, version) {
      const row = await existingVersion(context, name, versionNumber(version));
      const directory = proxiedDirectory(row.storage_location);
      if (directory === undefined) {
        throw new PlatformError(
          'INVALID_STATE',
          `The files of model version ${name}/${version} are at ${row.storage_location}, not below this server's artifact root.`,
        );
      }
      const isFile = await isStored(context.blobs, directory);
      return { directory, isFile, digest: row.digest === '' ? undefined : row.digest };
    },
    rootOf: (thing) => rootOf(experimentFinders(context), thing),
    sharesDatabase: true,
    close: () => Promise.resolve(),
  };
}

function experimentFinders({ database }: TrackingContext): ExperimentFinders {
  const text = (row: { experiment: number } | undefined) => (row === undefined ? undefined : String(row.experiment));
  return {
    byName: async (name) =>
      text(
        await database.query
          .selectFrom('experiments')
          .select('id as experiment')
          .where('name', '=', name)
          .executeTakeFirst(),
      ),
    ofRun: async (id) =>
      text(await database.query.selectFrom('runs').select('experiment').where('run_id', '=', id).executeTakeFirst()),
    ofLoggedModel: async (id) =>
      text(
        await database.query
          .selectFrom('logged_models')
          .select('experiment')
          .where('model_id', '=', id)
          .executeTakeFirst(),
      ),
  };
}
