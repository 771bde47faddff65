import { feastError, PlatformError } from '@mlops/errors';
import type { Pipeline } from '@mlops/operations';
import { callerOf, useErrorFormat } from '@mlops/service';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { FeatureEngine, FeatureHost, Materialisation, PushRequest, Written } from '../engine.ts';
import { type FeatureOperationName, featureOperations } from '../operations.ts';
import { invalid } from '../refusals.ts';
import { millisecondsOf, parseInstant } from '../values/instant.ts';
import { parseJson } from '../values/json.ts';
import { decodeRequest } from '../wire/decode.ts';
import { onlineResponse } from '../wire/online-response.ts';
import { answerHistorical } from './historical.ts';
import { featureMetrics } from './metrics.ts';

export interface FeatureRoutesOptions {
  /** A team has the project of its name. */
  readonly host: Pick<FeatureHost, 'engine' | 'materialized'>;
  readonly pipeline: Pipeline;
  /** Told of every write: rows by view. */
  readonly onWritten?: ((project: string, written: Written) => void) | undefined;
}

type RequestOf<N extends FeatureOperationName> = Static<(typeof featureOperations)[N]['request']>;
type Perform<N extends FeatureOperationName> = (
  engine: FeatureEngine,
  input: RequestOf<N>,
  request: FastifyRequest,
) => Promise<Send>;
/** Puts an answer on the wire, once the pipeline has let it through. */
type Send = (reply: FastifyReply) => FastifyReply;

const JSON_TYPE = 'application/json';
const PUSH_MODES = ['online', 'offline', 'online_and_offline'] as const;

/** Feast's HTTP interface over feature stores. */
export const featureRoutes: FastifyPluginAsync<FeatureRoutesOptions> = async (app, { host, pipeline, onWritten }) => {
  const counted = onWritten ?? featureMetrics(app.metrics, host);
  const count = (engine: FeatureEngine, written: Written) => counted(engine.project().name, written);
  await app.register(async (scope) => {
    useErrorFormat(scope, feastError);
    // Feast's own examples send no type: any will do.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    const serve = <N extends FeatureOperationName>(name: N, perform: Perform<N>) =>
      addOperation(scope, { host, pipeline }, name, perform);

    serve('getOnlineFeatures', async (engine, input) => {
      const features = await engine.getOnlineFeatures({ entities: input.entities, ...selectionOf(input) });
      return json(onlineResponse(features));
    });
    serve('getHistoricalFeatures', async (engine, input, request) =>
      answerHistorical(engine, request, {
        ...selectionOf(input),
        entities: input.entities,
        timestampColumn: input.timestamp_column ?? undefined,
        filterByCreatedTimestamp: input.filter_by_created_timestamp ?? undefined,
      }),
    );
    serve('push', async (engine, { push_source_name, df, to, allow_registry_cache }) => {
      const written = await engine.push({
        source: push_source_name,
        rows: df,
        to: pushMode(to ?? 'online'),
        allowRegistryCache: allow_registry_cache ?? true,
      });
      count(engine, written);
      return (reply) => reply.send();
    });
    serve('writeToOnlineStore', async (engine, { feature_view_name, df, allow_registry_cache }) => {
      const written = await engine.writeToOnlineStore({
        view: feature_view_name,
        rows: df,
        allowRegistryCache: allow_registry_cache ?? true,
      });
      count(engine, written);
      return json('null');
    });
    serve('materialize', async (engine, input, request) => {
      refuseUnsupported(input);
      const [start, end] = [moment('start_ts', input.start_ts), moment('end_ts', input.end_ts)];
      const isAsync = input.async === 'true';
      const run = await engine.materialize({ start, end, views: input.feature_views ?? undefined }, isAsync);
      return materialised(run, isAsync, request, (written) => count(engine, written));
    });
    serve('materializeIncremental', async (engine, input, request) => {
      refuseUnsupported(input);
      const isAsync = input.async === 'true';
      const end = moment('end_ts', input.end_ts);
      const run = await engine.materializeIncremental({ end, views: input.feature_views ?? undefined }, isAsync);
      return materialised(run, isAsync, request, (written) => count(engine, written));
    });
  });
};

function addOperation(
  scope: FastifyInstance,
  { host, pipeline }: Pick<FeatureRoutesOptions, 'host' | 'pipeline'>,
  name: FeatureOperationName,
  perform: Perform<FeatureOperationName>,
): void {
  const operation = featureOperations[name];
  scope.route({
    method: operation.method,
    url: operation.path,
    handler: async (request, reply) => {
      const body = request.body instanceof Buffer ? parseJson(request.body) : undefined;
      const input = decodeRequest<RequestOf<FeatureOperationName>>(operation.request, body, request.query);
      const send = await pipeline({ name, operation, input, caller: callerOf(request) }, async (team) =>
        perform(await host.engine(team), input as never, request),
      );
      return send(reply);
    },
  });
}

function json(text: string, status = 200): Send {
  return (reply) =>
    reply
      .code(status)
      .header('content-type', JSON_TYPE)
      .serializer((sent: string) => sent)
      .send(text);
}

interface Selection {
  readonly features?: readonly string[] | null;
  readonly feature_service?: string | null;
  readonly full_feature_names?: boolean | null;
}

function selectionOf({ features, feature_service, full_feature_names }: Selection) {
  return {
    features: features ?? undefined,
    service: feature_service ?? undefined,
    fullNames: full_feature_names ?? false,
  };
}

function pushMode(to: string): PushRequest['to'] {
  const mode = PUSH_MODES.find((each) => each === to);
  if (mode === undefined) throw invalid('to', `'${to.slice(0, 50)}' is none of ${PUSH_MODES.join(', ')}.`);
  return mode;
}

/** @throws INVALID_PARAMETER, MISSING_PARAMETER */
function moment(field: string, value: string | null | undefined): number {
  if (value === undefined || value === null) {
    throw new PlatformError('MISSING_PARAMETER', `${field}: give a time as in ISO 8601.`, { field });
  }
  const instant = parseInstant(value);
  if (instant === undefined) throw invalid(field, `'${value.slice(0, 50)}' is not a time as in ISO 8601.`);
  return Math.floor(millisecondsOf(instant));
}

function refuseUnsupported(input: { version?: string | null; disable_event_timestamp?: boolean | null }): void {
  for (const field of ['version', 'disable_event_timestamp'] as const) {
    const value = input[field];
    if (value === undefined || value === null || value === false) continue;
    throw new PlatformError('NOT_IMPLEMENTED', `${field}: this server does not offer it.`, { field });
  }
}

/** Feast answers null when all is done, or 202 at once. */
async function materialised(
  { done, views }: Materialisation,
  isAsync: boolean,
  request: FastifyRequest,
  count: (written: Written) => void,
): Promise<Send> {
  const counted = done.then(count);
  if (!isAsync) {
    await counted;
    return json('null');
  }
  counted.catch((error: unknown) => request.log.error({ err: error, views }, 'materialisation failed'));
  return json(JSON.stringify({ status: 'accepted', feature_views: views }), 202);
}
