import type { BlobStore } from '@mlops/blobs';
import { type Database, migrate } from '@mlops/database';
import { PlatformError } from '@mlops/errors';
import type { ResourceRef } from '@mlops/operations';
import type { TrackingEngine, TrackingWorkspace } from '../engine.ts';
import { artifactProxy, isStored } from './artifacts.ts';
import { DEFAULT_WORKSPACE, type TrackingContext } from './context.ts';
import { ensureDefaultExperiment, experimentOperations } from './experiments.ts';
import { loggedModelOperations } from './logged-models.ts';
import { storedDirectory } from './model-source.ts';
import { modelVersionOperations } from './model-versions.ts';
import { registeredModelOperations } from './registered-models.ts';
import { existingVersion } from './registry-view.ts';
import { runDataOperations } from './run-data.ts';
import { runLinkOperations } from './run-links.ts';
import { runOperations } from './runs.ts';
import { trackingSchema } from './schema.ts';
import type { TrackingTables } from './tables.ts';
import { used } from './usage.ts';
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
  const shared = {
    database: options.database.as<TrackingTables>(),
    blobs: options.blobs,
    artifactRoot: options.artifactRoot ?? 'mlflow-artifacts:/',
  };
  await ensureDefaultExperiment({ ...shared, workspace: DEFAULT_WORKSPACE });
  const workspaces = new Map<string, TrackingWorkspace>();
  return {
    workspace(name) {
      const known = workspaces.get(name);
      if (known) return known;
      const opened = openWorkspace({ ...shared, workspace: name });
      workspaces.set(name, opened);
      return opened;
    },
    addWorkspace: (name) => ensureDefaultExperiment({ ...shared, workspace: name }),
    workspaceOf: (thing) => workspaceOf(shared.database, thing),
    used: (workspace, what) => used(shared.database, workspace, what),
    async check() {
      await shared.database.query.selectFrom('experiments').select('id').limit(1).execute();
    },
    sharesDatabase: true,
    close: () => Promise.resolve(),
  };
}

function openWorkspace(context: TrackingContext): TrackingWorkspace {
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
      const directory = storedDirectory(context, row.storage_location);
      if (directory === undefined) {
        throw new PlatformError(
          'INVALID_STATE',
          `The files of model version ${name}/${version} are at ${row.storage_location}, not below this server's artifact root.`,
        );
      }
      const isFile = await isStored(context.blobs, directory);
      return { directory, isFile, digest: row.digest === '' ? undefined : row.digest };
    },
  };
}

/** Runs and logged models lie in an experiment. */
async function workspaceOf(database: Database<TrackingTables>, { type, id }: ResourceRef): Promise<string | undefined> {
  const experiments = database.query.selectFrom('experiments as e').select('e.workspace');
  if (type === 'experiment') {
    if (!/^\d{1,15}$/.test(id)) return undefined;
    return (await experiments.where('e.id', '=', Number(id)).executeTakeFirst())?.workspace;
  }
  if (type === 'run') {
    const ofRun = experiments.innerJoin('runs as r', 'r.experiment', 'e.id').where('r.run_id', '=', id);
    return (await ofRun.executeTakeFirst())?.workspace;
  }
  if (type !== 'logged-model') return undefined;
  const ofModel = experiments.innerJoin('logged_models as m', 'm.experiment', 'e.id').where('m.model_id', '=', id);
  return (await ofModel.executeTakeFirst())?.workspace;
}
