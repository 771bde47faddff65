import { inferenceError, PlatformError } from '@mlops/errors';
import { useErrorFormat } from '@mlops/service';
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { Predictor } from '../engine.ts';
import { takeBytes } from './bodies.ts';
import { Door, type InferenceRoutesOptions } from './door.ts';

const SERVER = { name: 'mlops-inference', version: '0.1.0', extensions: [] as string[] };
const PREDICT = ':predict';

/** The Open Inference Protocol (REST, JSON tensors) and KServe V1 over an inference engine. */
export const inferenceRoutes: FastifyPluginAsync<InferenceRoutesOptions> = async (app, options) => {
  const door = new Door(app, options);
  await app.register(async (scope) => {
    useErrorFormat(scope, inferenceError);
    // Clients of these protocols often name no type, or curl's default one.
    takeBytes(scope, ['application/json', '*']);
    v2Routes(scope, door);
    v1Routes(scope, door);
  });
};

function v2Routes(scope: FastifyInstance, door: Door): void {
  door.serve(scope, 'serverMetadata', { answer: async () => SERVER });
  door.serve(scope, 'serverLive', { answer: async () => ({ live: true }) });
  door.serve(scope, 'serverReady', { answer: async ({ engine }) => serverReadiness(engine) });
  door.serve(scope, 'listModels', { answer: async ({ engine }) => ({ models: engine.models() }) });
  door.serve(scope, 'modelMetadata', { answer: async ({ engine, name, version }) => engine.metadata(name, version) });
  door.serve(scope, 'modelReady', { answer: async ({ engine, name, version }) => readiness(engine, name, version) });
  door.serve(scope, 'infer', { answer: async ({ predict }) => predict('v2') });
}

function v1Routes(scope: FastifyInstance, door: Door): void {
  door.serve(scope, 'listModelsV1', { answer: async ({ engine }) => ({ models: engine.models() }) });
  door.serve(scope, 'modelReadyV1', { answer: async ({ engine, name }) => readiness(engine, name, undefined) });
  door.serve(scope, 'predictV1', { nameOf: nameBeforeVerb, answer: async ({ predict }) => predict('v1') });
}

/** @throws NOT_READY */
function serverReadiness(engine: Predictor) {
  if (!engine.isServing()) throw new PlatformError('NOT_READY', 'No model thread can run what is served.');
  return { ready: true };
}

/** @throws NOT_FOUND, NOT_READY */
function readiness(engine: Predictor, name: string, version: string | undefined) {
  engine.metadata(name, version);
  if (!engine.isReady(name, version)) throw new PlatformError('NOT_READY', `Model '${name}' is not ready.`);
  return { name, ready: true };
}

function nameBeforeVerb(request: FastifyRequest): string {
  const { name: target } = request.params as { name: string };
  if (target.endsWith(PREDICT)) return target.slice(0, -PREDICT.length);
  throw new PlatformError(
    'ROUTE_NOT_FOUND',
    `There is no POST /v1/models/${target}; a prediction is POST /v1/models/NAME:predict.`,
  );
}
