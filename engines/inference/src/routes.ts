import { inferenceError, mlflowError, PlatformError } from '@mlops/errors';
import type { Pipeline } from '@mlops/operations';
import { useErrorFormat } from '@mlops/service';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { InferenceEngine } from './engine.ts';
import { inferenceMetrics } from './metrics.ts';
import { type InferenceOperationName, inferenceOperations } from './operations.ts';
import { type OnPrediction, observed } from './prediction.ts';
import { readCsv } from './wire/csv.ts';
import { decodeV2, encodeV2 } from './wire/v2.ts';

const SERVER = { name: 'mlops-inference', version: '0.1.0', extensions: [] as string[] };
/** The exact type: KServe's client reads an error only without a charset. */
const JSON_TYPE = 'application/json';
const PREDICT = ':predict';

export interface InferenceRoutesOptions {
  readonly engine: InferenceEngine;
  readonly pipeline: Pipeline;
  /** Told of every prediction once its answer is computed. */
  readonly onPrediction?: OnPrediction;
}

interface Door {
  readonly engine: InferenceEngine;
  readonly listeners: readonly OnPrediction[];
  /** Passes an operation on a model, or on the server, through the pipeline. */
  readonly pass: <T>(
    name: InferenceOperationName,
    model: string,
    request: FastifyRequest,
    perform: () => Promise<T>,
  ) => Promise<T>;
}

/** The Open Inference Protocol (REST, JSON tensors) and KServe V1 over an inference engine. */
export const inferenceRoutes: FastifyPluginAsync<InferenceRoutesOptions> = async (app, options) => {
  const door = openDoor(app, options);
  await app.register(async (scope) => {
    speakInference(scope);
    v2Routes(scope, door);
    v1Routes(scope, door);
  });
};

export interface InvocationsRoutesOptions extends InferenceRoutesOptions {
  /** The address of the scoring protocol; `:name` in it names the model, without it the only one is meant. */
  readonly url: string;
}

/** MLflow's scoring protocol over an inference engine. */
export const invocationsRoutes: FastifyPluginAsync<InvocationsRoutesOptions> = async (app, options) => {
  const door = openDoor(app, options);
  await app.register(async (scope) => {
    useErrorFormat(scope, mlflowError);
    readBodies(scope);
    scope.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) => {
      done(null, { dataframe_split: readCsv(body as string) });
    });
    scope.post(options.url, async (request, reply) => {
      const { name = onlyModel(door.engine) } = request.params as { name?: string };
      const { predictions } = await door.pass('invoke', name, request, () =>
        observed(name, request.id, door.listeners, async () =>
          door.engine.invoke(name, undefined, objectBody(request)),
        ),
      );
      return send(reply, { predictions });
    });
  });
};

function openDoor(app: FastifyInstance, { engine, pipeline, onPrediction }: InferenceRoutesOptions): Door {
  const metrics = metricsOf(app);
  return {
    engine,
    listeners: onPrediction ? [metrics, onPrediction] : [metrics],
    pass: (name, model, request, perform) => {
      const operation = inferenceOperations[name];
      const caller = { requestId: request.id, ip: request.ip, authorization: request.headers.authorization };
      return pipeline({ name, operation, resource: { type: operation.resource.type, id: model }, caller }, perform);
    },
  };
}

const registered = new WeakMap<object, OnPrediction>();

/** One set of metrics for each server, however many protocols it speaks. */
function metricsOf(app: FastifyInstance): OnPrediction {
  const known = registered.get(app.metrics);
  if (known) return known;
  const listener = inferenceMetrics(app.metrics);
  registered.set(app.metrics, listener);
  return listener;
}

function v2Routes(scope: FastifyInstance, { engine, pass, listeners }: Door): void {
  const server = (name: InferenceOperationName, answer: () => unknown) =>
    scope.get(inferenceOperations[name].path, async (request, reply) =>
      send(reply, await pass(name, '*', request, async () => answer())),
    );
  server('serverMetadata', () => SERVER);
  server('serverLive', () => ({ live: true }));
  server('serverReady', () => ({ ready: true }));
  server('listModels', () => ({ models: engine.models() }));

  for (const version of ['', '/versions/:version']) {
    scope.get(`/v2/models/:name${version}`, async (request, reply) => {
      const target = targetOf(request);
      return send(
        reply,
        await pass('modelMetadata', target.name, request, async () => engine.metadata(target.name, target.version)),
      );
    });
    scope.get(`/v2/models/:name${version}/ready`, async (request, reply) => {
      const target = targetOf(request);
      const ready = await pass('modelReady', target.name, request, async () => {
        engine.metadata(target.name, target.version);
        return engine.isReady(target.name, target.version);
      });
      return send(reply.code(ready ? 200 : 503), { name: target.name, ready });
    });
    scope.post(`/v2/models/:name${version}/infer`, async (request, reply) => {
      const target = targetOf(request);
      let id = request.id;
      const answer = await pass('infer', target.name, request, () => {
        const sent = (request.body as { id?: unknown } | undefined)?.id;
        if (typeof sent === 'string') id = sent;
        return observed(target.name, id, listeners, async () => {
          const { inputs, keyColumn } = engine.inputsOf(target.name, target.version);
          const key = keyColumn === undefined ? [] : [{ name: keyColumn, datatype: 'BYTES' as const, shape: [-1] }];
          return engine.infer(target.name, target.version, decodeV2(request.body, [...inputs, ...key]));
        });
      });
      return send(reply, encodeV2(id, target.name, answer.modelVersion, answer.outputs));
    });
  }
}

function v1Routes(scope: FastifyInstance, { engine, pass, listeners }: Door): void {
  scope.get('/v1/models', async (request, reply) =>
    send(reply, await pass('listModelsV1', '*', request, async () => ({ models: engine.models() }))),
  );
  scope.get('/v1/models/:name', async (request, reply) => {
    const { name } = targetOf(request);
    const ready = await pass('modelReadyV1', name, request, async () => {
      engine.metadata(name);
      return engine.isReady(name);
    });
    return send(reply.code(ready ? 200 : 503), { name, ready });
  });
  scope.post('/v1/models/:name', async (request, reply) => {
    const target = targetOf(request).name;
    if (!target.endsWith(PREDICT)) {
      throw new PlatformError(
        'ROUTE_NOT_FOUND',
        `There is no POST /v1/models/${target}; a prediction is POST /v1/models/NAME:predict.`,
      );
    }
    const name = target.slice(0, -PREDICT.length);
    const { predictions } = await pass('predictV1', name, request, () =>
      observed(name, request.id, listeners, async () => engine.predict(name, undefined, objectBody(request))),
    );
    return send(reply, { predictions });
  });
}

function speakInference(scope: FastifyInstance): void {
  useErrorFormat(scope, inferenceError);
  readBodies(scope);
  // Clients of this protocol often name no type, or curl's default one.
  scope.addContentTypeParser('*', { parseAs: 'string' }, parseJson);
}

function readBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, parseJson);
}

function parseJson(
  _request: FastifyRequest,
  body: string | Buffer,
  done: (error: Error | null, value?: unknown) => void,
): void {
  try {
    done(null, JSON.parse(body.toString()));
  } catch (error) {
    done(
      new PlatformError(
        'MALFORMED_REQUEST',
        `The request body is not JSON: ${(error as Error).message}. NaN and Infinity are written as strings.`,
      ),
    );
  }
}

function objectBody(request: FastifyRequest): Record<string, unknown> {
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new PlatformError('MALFORMED_REQUEST', 'The request body must be a JSON object.');
  }
  return body as Record<string, unknown>;
}

function targetOf(request: FastifyRequest): { name: string; version: string | undefined } {
  const { name, version } = request.params as { name: string; version?: string };
  return { name, version };
}

function onlyModel(engine: InferenceEngine): string {
  const names = engine.models();
  if (names.length === 1) return names[0] as string;
  const which =
    names.length === 0 ? 'no model is served' : `this server serves ${names.join(', ')}; use /v2/models/NAME/infer`;
  throw new PlatformError('INVALID_PARAMETER', `The request names no model: ${which}.`);
}

function send(reply: FastifyReply, body: unknown): FastifyReply {
  return reply.header('content-type', JSON_TYPE).serializer(JSON.stringify).send(body);
}
