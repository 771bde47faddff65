import type { Pipeline } from '@mlops/operations';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Inference, InferenceEngine } from '../engine.ts';
import { inferenceMetrics } from '../metrics.ts';
import { type InferenceOperationName, inferenceOperations, pathsOf } from '../operations.ts';
import { type OnPrediction, observed } from '../prediction.ts';

/** The exact type: KServe's client reads an error only without a charset. */
const JSON_TYPE = 'application/json';

export interface InferenceRoutesOptions {
  readonly engine: InferenceEngine;
  readonly pipeline: Pipeline;
  /** Told of every prediction once its answer is computed. */
  readonly onPrediction?: OnPrediction;
}

/** One request of an operation. */
export interface Asked {
  /** The model's name; '*' where the operation is the server's. */
  readonly name: string;
  readonly version: string | undefined;
  readonly body: unknown;
  readonly id: string;
  /** Runs a prediction and reports it under a request id. */
  readonly predict: <T extends Inference>(requestId: string, run: () => Promise<T>) => Promise<T>;
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
  readonly engine: InferenceEngine;
  readonly #pipeline: Pipeline;
  readonly #report: OnPrediction;

  constructor(app: FastifyInstance, { engine, pipeline, onPrediction }: InferenceRoutesOptions) {
    this.engine = engine;
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
          const asked = this.#asked(name, request);
          const caller = { requestId: request.id, ip: request.ip, authorization: request.headers.authorization };
          const resource = { type: operation.resource.type, id: name };
          const call = { name: operationName, operation, resource, caller };
          return sendJson(reply, await this.#pipeline(call, () => answer(asked)));
        },
      });
    }
  }

  #asked(name: string, request: FastifyRequest): Asked {
    const { version } = request.params as { version?: string };
    return {
      name,
      version,
      body: request.body,
      id: request.id,
      predict: (requestId, run) => observed({ model: name, requestId, report: this.#report }, run),
    };
  }
}

function nameInPath(request: FastifyRequest): string {
  const { name = '*' } = request.params as { name?: string };
  return name;
}

/** A text is sent as it is: MLflow's scoring server answers so under the same type. */
function sendJson(reply: FastifyReply, body: unknown): FastifyReply {
  return reply
    .header('content-type', JSON_TYPE)
    .serializer((sent: unknown) => (typeof sent === 'string' ? sent : JSON.stringify(sent)))
    .send(body);
}

const registered = new WeakMap<object, OnPrediction>();

/** One set of metrics for each server, however many protocols it speaks. */
function metricsOf(app: FastifyInstance, engine: InferenceEngine): OnPrediction {
  const known = registered.get(app.metrics);
  if (known) return known;
  const listener = inferenceMetrics(app.metrics, (model) => engine.models().includes(model));
  registered.set(app.metrics, listener);
  return listener;
}
