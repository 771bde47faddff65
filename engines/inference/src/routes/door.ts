import { PlatformError } from '@mlops/errors';
import type { Pipeline } from '@mlops/operations';
import { callerOf } from '@mlops/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { InferenceEngine, Predictor, Protocol } from '../engine.ts';
import { inferenceMetrics } from '../metrics.ts';
import { type InferenceOperationName, inferenceOperations, pathsOf } from '../operations.ts';
import { type OnPrediction, observed } from '../prediction.ts';

/** The exact type: KServe's client reads an error only without a charset. */
const JSON_TYPE = 'application/json';

export interface InferenceRoutesOptions {
  readonly engine: Pick<InferenceEngine, 'namespace'>;
  readonly pipeline: Pipeline;
  /** Told of every prediction once its answer is computed. */
  readonly onPrediction?: OnPrediction;
}

/** One request of an operation. */
export interface Asked {
  /** Where the caller's models are. */
  readonly engine: Predictor;
  /** The model's name; '*' where the operation is the server's. */
  readonly name: string;
  readonly version: string | undefined;
  /** Answers the request as a prediction of a protocol, and reports it. */
  readonly predict: (protocol: Protocol) => Promise<string | Uint8Array>;
}

interface Route {
  /** Where it is; by default at the operation's own addresses. */
  readonly paths?: readonly string[];
  /** The model that is meant; by default the one of the path. */
  readonly nameOf?: (request: FastifyRequest) => string;
  readonly answer: (asked: Asked) => Promise<unknown>;
}

/** Puts operations of the table on a server: each through the pipeline, each answered as JSON. */
export class Door {
  readonly #engine: Pick<InferenceEngine, 'namespace'>;
  readonly #pipeline: Pipeline;
  readonly #report: OnPrediction;

  constructor(app: FastifyInstance, { engine, pipeline, onPrediction }: InferenceRoutesOptions) {
    this.#engine = engine;
    this.#pipeline = pipeline;
    const listeners = [metricsOf(app, engine), ...(onPrediction ? [onPrediction] : [])];
    this.#report = (event) => {
      for (const listen of listeners) {
        try {
          listen(event);
        } catch (error) {
          app.log.error({ err: error }, 'a prediction could not be reported');
        }
      }
    };
  }

  serve(scope: FastifyInstance, operationName: InferenceOperationName, route: Route): void {
    const { paths = pathsOf(operationName), nameOf = nameInPath, answer } = route;
    const operation = inferenceOperations[operationName];
    for (const url of paths) {
      scope.route({
        method: operation.method,
        url,
        handler: async (request, reply) => {
          const name = nameOf(request);
          const { version } = request.params as { version?: string };
          const call = { name: operationName, operation, input: { name, version }, caller: callerOf(request) };
          const body = await this.#pipeline(call, (team) => answer(this.#asked(team, { name, version }, request)));
          return sendJson(reply, body);
        },
      });
    }
  }

  /** Teams have namespaces of their own. */
  #asked(team: string, { name, version }: Pick<Asked, 'name' | 'version'>, request: FastifyRequest): Asked {
    const engine = this.#engine.namespace(team);
    const predict = async (protocol: Protocol) => {
      refuseBinary(request);
      const wire = { protocol, bytes: bytesOf(request.body), contentType: request.headers['content-type'] ?? '' };
      const observing = { namespace: team, model: name, requestId: request.id, report: this.#report };
      return (await observed(observing, (trace) => engine.answer(name, version, request.id, wire, trace))).body;
    };
    return { engine, name, version, predict };
  }
}

function nameInPath(request: FastifyRequest): string {
  const { name = '*' } = request.params as { name?: string };
  return name;
}

function bytesOf(body: unknown): Uint8Array<ArrayBuffer> {
  return body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : new Uint8Array();
}

/** Tensors behind the JSON (the binary extension) would be taken for a part of it. @throws MALFORMED_REQUEST */
function refuseBinary({ headers }: FastifyRequest): void {
  if (headers['inference-header-content-length'] === undefined) return;
  throw new PlatformError(
    'MALFORMED_REQUEST',
    'This server does not offer the binary_tensor_data extension; send the tensors as JSON (tritonclient: binary_data=False).',
  );
}

/** Text and bytes are sent as they are: MLflow's scoring server answers text under the same type. */
function sendJson(reply: FastifyReply, body: unknown): FastifyReply {
  if (body instanceof Uint8Array) return reply.header('content-type', JSON_TYPE).send(Buffer.from(body.buffer));
  return reply
    .header('content-type', JSON_TYPE)
    .serializer((sent: unknown) => (typeof sent === 'string' ? sent : JSON.stringify(sent)))
    .send(body);
}

const registered = new WeakMap<object, OnPrediction>();

/** One set of metrics for each server, however many protocols it speaks. */
function metricsOf(app: FastifyInstance, engine: Pick<InferenceEngine, 'namespace'>): OnPrediction {
  const known = registered.get(app.metrics);
  if (known) return known;
  const listener = inferenceMetrics(app.metrics, (namespace, model) =>
    engine.namespace(namespace).models().includes(model),
  );
  registered.set(app.metrics, listener);
  return listener;
}
