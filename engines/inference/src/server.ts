import type { SettingsOf } from '@mlops/configuration';
import { inferenceError, PlatformError } from '@mlops/errors';
import { direct } from '@mlops/operations';
import { createServer } from '@mlops/service';
import type { FastifyInstance } from 'fastify';
import { openInference } from './embedded/engine.ts';
import { inferenceRoutes } from './routes/inference.ts';
import { invocationsRoutes } from './routes/invocations.ts';

const ONLY_VERSION = '1';

/** The inference engine as a server of its own, with the models that the settings name. @throws INVALID_MODEL, INVALID_PARAMETER */
export async function buildInferenceServer(settings: SettingsOf<'inference'>): Promise<FastifyInstance> {
  const engine = openInference({ threads: settings['inference-threads'] });
  try {
    for (const entry of settings.model) {
      const separator = entry.indexOf('=');
      const [name, path] = [entry.slice(0, separator), entry.slice(separator + 1)];
      await engine.load(name, ONLY_VERSION, { path }).catch((error: unknown) => {
        throw new PlatformError('INVALID_MODEL', `model ${name} (${path}): ${(error as Error).message}`, {
          cause: error,
        });
      });
      await engine.verify(name, ONLY_VERSION);
      engine.serve(name, ONLY_VERSION);
    }
  } catch (error) {
    await engine.close();
    throw error;
  }
  const app = createServer({
    logLevel: settings['log-level'],
    allowedHosts: settings['allowed-hosts'],
    errorFormat: inferenceError,
  });
  // The model is loaded before the server listens: whoever can ask gets an answer.
  for (const url of ['/health', '/readyz']) app.get(url, async () => ({ status: 'ok' }));
  app.get('/', async () => ({ status: 'alive' }));
  await app.register(inferenceRoutes, { engine, pipeline: direct });
  await app.register(invocationsRoutes, { engine, pipeline: direct, url: '/invocations' });
  app.addHook('onClose', () => engine.close());
  return app;
}
