import { openBlobs } from '@mlops/blobs';
import type { SettingsOf } from '@mlops/configuration';
import { openDataFolder } from '@mlops/data-folder';
import { openDatabase } from '@mlops/database';
import { mlflowError } from '@mlops/errors';
import { direct } from '@mlops/operations';
import { createServer } from '@mlops/service';
import type { FastifyInstance } from 'fastify';
import { openTracking } from './embedded/engine.ts';
import { trackingRoutes } from './routes.ts';

/** The tracking engine as a server of its own. */
export async function buildTrackingServer(settings: SettingsOf<'tracking'>): Promise<FastifyInstance> {
  const folder = openDataFolder(settings.data);
  const database = openDatabase<unknown>(settings);
  const engine = await openTracking({
    database,
    blobs: openBlobs(settings),
    artifactRoot: settings['default-artifact-root'],
  });
  const app = createServer({
    logLevel: settings['log-level'],
    allowedHosts: settings['allowed-hosts'],
    errorFormat: mlflowError,
  });
  app.get('/health', async (_request, reply) => reply.type('text/plain').send('OK'));
  await app.register(trackingRoutes, { engine, pipeline: direct });
  app.addHook('onClose', async () => {
    await engine.close();
    await database.close();
    folder.close();
  });
  return app;
}
