import type { SettingsOf } from '@mlops/configuration';
import { inferenceError, PlatformError, toPlatformError } from '@mlops/errors';
import { direct } from '@mlops/operations';
import { createServer } from '@mlops/service';
import type { FastifyInstance } from 'fastify';
import { openInference } from './embedded/engine.ts';
import type { InferenceEngine } from './engine.ts';
import { inferenceRoutes } from './routes/inference.ts';
import { invocationsRoutes } from './routes/invocations.ts';

const ONLY_VERSION = '1';
/** What an address can carry as it is. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** The inference engine as a server of its own, with the models that the settings name. @throws INVALID_MODEL, INVALID_PARAMETER */
export async function buildInferenceServer(settings: SettingsOf<'inference'>): Promise<FastifyInstance> {
  const engine = openInference({
    threads: settings['inference-threads'],
    timeoutSeconds: settings['inference-timeout'],
  });
  try {
    for (const entry of settings.model) await serveModel(engine, entry);
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
  app.get('/health', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const ready = engine.isServing();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'not ready' });
  });
  app.get('/', async () => ({ status: 'alive' }));
  await app.register(inferenceRoutes, { engine, pipeline: direct });
  await app.register(invocationsRoutes, { engine, pipeline: direct, url: '/invocations' });
  app.addHook('onClose', () => engine.close());
  return app;
}

/** @throws INVALID_PARAMETER, INVALID_MODEL: naming the model and its path */
async function serveModel(engine: InferenceEngine, entry: string): Promise<void> {
  const separator = entry.indexOf('=');
  const [name, path] = [entry.slice(0, separator), entry.slice(separator + 1)];
  if (!NAME.test(name)) {
    throw new PlatformError(
      'INVALID_PARAMETER',
      `model: '${name}' cannot be a name: use letters, digits, '.', '_' and '-'.`,
      {
        field: 'model',
      },
    );
  }
  try {
    await engine.load(name, ONLY_VERSION, { path });
    await engine.verify(name, ONLY_VERSION);
  } catch (error) {
    const { code, message } = toPlatformError(error);
    throw new PlatformError(code, `model ${name} (${path}): ${message}`, { cause: error });
  }
  engine.route(name, [{ version: ONLY_VERSION, weight: 1 }]);
}
