import { mlflowError, PlatformError } from '@mlops/errors';
import { useErrorFormat } from '@mlops/service';
import type { FastifyPluginAsync } from 'fastify';
import { DEFAULT_NAMESPACE, type Predictor } from '../engine.ts';
import { takeBytes } from './bodies.ts';
import { Door, type InferenceRoutesOptions } from './door.ts';

/** The MLflow whose scoring protocol this is. */
const SPOKEN_VERSION = '3.17.2';

export interface InvocationsRoutesOptions extends InferenceRoutesOptions {
  /**
   * The address of the scoring protocol; `:name` in it names the model. Without a name the only model is meant, and the
   * scoring server's /ping and /version are there too.
   */
  readonly url: string;
}

/** MLflow's scoring protocol over an inference engine. */
export const invocationsRoutes: FastifyPluginAsync<InvocationsRoutesOptions> = async (app, options) => {
  const { engine, url } = options;
  const door = new Door(app, options);
  await app.register(async (scope) => {
    useErrorFormat(scope, mlflowError);
    takeBytes(scope, ['application/json', 'text/csv']);
    const isNamed = url.includes(':name');
    door.serve(scope, 'invoke', {
      paths: [url],
      ...(isNamed ? {} : { nameOf: () => onlyModel(engine.namespace(DEFAULT_NAMESPACE)) }),
      answer: async ({ predict }) => predict('invocations'),
    });
    if (isNamed) return;
    door.serve(scope, 'ping', { answer: async ({ engine }) => (engine.models().length > 0 ? '\n' : noModel()) });
    door.serve(scope, 'scoringVersion', { answer: async () => SPOKEN_VERSION });
  });
};

function noModel(): never {
  throw new PlatformError('NOT_FOUND', 'No model is served.');
}

function onlyModel(engine: Predictor): string {
  const names = engine.models();
  const [only] = names;
  if (names.length === 1 && only !== undefined) return only;
  const which =
    names.length === 0 ? 'no model is served' : `this server serves ${names.join(', ')}; use /v2/models/NAME/infer`;
  throw new PlatformError('INVALID_PARAMETER', `The request names no model: ${which}.`);
}
