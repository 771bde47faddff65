import { join } from 'node:path';
import type { SettingsOf } from '@mlops/configuration';
import { openDataFolder } from '@mlops/data-folder';
import { openDatabase } from '@mlops/database';
import { feastError, PlatformError, toPlatformError } from '@mlops/errors';
import { direct } from '@mlops/operations';
import { createServer } from '@mlops/service';
import type { FastifyInstance } from 'fastify';
import type { DefinitionsSource } from './definitions/catalogue.ts';
import { openFeatures } from './embedded.ts';
import { featureRoutes } from './routes/features.ts';

const DEFAULT_PROJECT = 'default';

/** The feature engine as a server of its own. @throws INVALID_PARAMETER about the settings or the definitions */
export async function buildFeatureServer(settings: SettingsOf<'features'>): Promise<FastifyInstance> {
  const definitions = definitionsSource(settings);
  const folder = openDataFolder(settings.data);
  const database = openDatabase<unknown>(settings);
  const close = async () => {
    await database.close();
    folder.close();
  };
  const host = await openFeatures({
    definitions,
    database,
    online: settings.online,
    scratch: join(folder.path, 'scratch'),
  }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const app = createServer({
    logLevel: settings['log-level'],
    allowedHosts: settings['allowed-hosts'],
    errorFormat: feastError,
  });
  // Empty, as Feast's; a store that is away is 503.
  for (const path of ['/health', '/readyz']) {
    app.get(path, async (_request, reply) => {
      const away = await host.ping().then(
        () => undefined,
        (error: unknown) => toPlatformError(error),
      );
      return away === undefined ? reply.send() : reply.code(503).send();
    });
  }
  await app.register(featureRoutes, { host, pipeline: direct });
  app.addHook('onClose', async () => {
    await host.close();
    await close();
  });
  return app;
}

function definitionsSource({ definitions, registry, project }: SettingsOf<'features'>): DefinitionsSource {
  if (definitions !== undefined && registry !== undefined) {
    throw new PlatformError('INVALID_PARAMETER', 'definitions: give either --definitions or --registry, not both.', {
      field: 'definitions',
    });
  }
  if (registry !== undefined) return { kind: 'feast', registry, project };
  if (definitions !== undefined) return { kind: 'yaml', folder: definitions, project: project ?? DEFAULT_PROJECT };
  throw new PlatformError(
    'INVALID_PARAMETER',
    'definitions: name a folder of definitions with --definitions, or a registry of Feast with --registry.',
    { field: 'definitions' },
  );
}
