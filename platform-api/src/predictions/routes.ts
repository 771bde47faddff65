import { PlatformError } from '@mlops/errors';
import { type Static, Type } from 'typebox';
import { type ApiHandlers, apiOperation, listOf, pageQuery, parseTime } from '../api/index.ts';
import type { Deployments } from '../deployments/index.ts';
import type { Actual, ActualsStore } from './actuals.ts';
import type { PredictionLog } from './log.ts';
import type { Prediction } from './prediction.ts';
import type { Recorder } from './recorder.ts';

const text = Type.String();
const nullable = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const Values = Type.Record(text, Type.Unknown());

const PredictionSchema = Type.Object({
  id: text,
  request_id: text,
  team: text,
  deployment: text,
  revision: nullable(Type.Integer()),
  model_version: nullable(text),
  key: nullable(text),
  inputs: Values,
  outputs: Values,
  latency_ms: Type.Number(),
  status: Type.Integer(),
  error: nullable(text),
  time: Type.String({ format: 'date-time' }),
  actual: Type.Union([Type.Null(), Type.Object({ value: Type.Unknown(), time: Type.String({ format: 'date-time' }) })]),
});

const ActualSchema = Type.Object(
  {
    prediction_id: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
    key: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
    value: Type.Union([Type.Number(), Type.String({ maxLength: 10_000 }), Type.Boolean()]),
    time: Type.Optional(Type.String({ description: 'When the truth became known (RFC 3339); default: now.' })),
  },
  { additionalProperties: false },
);

const name = Type.Object({ name: Type.String() });

export const predictionOperations = {
  listPredictions: apiOperation('GET /api/v1/deployments/{name}/predictions', {
    summary: 'Logged predictions, newest first, with their actuals.',
    access: 'read',
    resource: 'prediction',
    field: 'name',
    params: name,
    query: Type.Object(
      {
        ...pageQuery,
        id: Type.Optional(text),
        request_id: Type.Optional(text),
        key: Type.Optional(text),
        revision: Type.Optional(Type.Integer()),
        status: Type.Optional(Type.Integer()),
        since: Type.Optional(Type.String({ description: 'From this time on (RFC 3339).' })),
        until: Type.Optional(Type.String({ description: 'Before this time (RFC 3339).' })),
      },
      { additionalProperties: false },
    ),
    response: listOf('predictions', PredictionSchema),
  }),
  attachActuals: apiOperation('POST /api/v1/deployments/{name}/actuals', {
    summary: 'Attaches ground truth to predictions, by id or by key.',
    access: 'write',
    audited: false,
    resource: 'prediction',
    field: 'name',
    params: name,
    body: Type.Object(
      { actuals: Type.Array(ActualSchema, { minItems: 1, maxItems: 1000 }) },
      { additionalProperties: false },
    ),
    response: Type.Object({ accepted: Type.Integer() }),
  }),
};

export interface PredictionParts {
  readonly log: PredictionLog;
  readonly recorder: Recorder;
  readonly actuals: ActualsStore;
  readonly deployments: Deployments;
}

export function predictionHandlers(parts: PredictionParts): ApiHandlers<typeof predictionOperations> {
  const { log, recorder, actuals, deployments } = parts;
  return {
    async listPredictions({ params, query: { limit = 100, page_token, since, until, ...filter } }) {
      await deployments.known(params.name);
      await recorder.flush();
      const range = {
        ...(since === undefined ? {} : { since: parseTime('since', since) }),
        ...(until === undefined ? {} : { until: parseTime('until', until) }),
        ...(page_token === undefined ? {} : { after: positionOf(page_token) }),
      };
      const found = await log.list(params.name, { ...filter, ...range }, limit + 1);
      const page = found.slice(0, limit);
      const ids = page.map((prediction) => prediction.id);
      const keys = page.flatMap((prediction) => prediction.key ?? []);
      const truths = new Map(
        (await actuals.find(params.name, ids, keys)).map((truth) => [`${truth.by}\n${truth.reference}`, truth]),
      );
      const last = page.at(-1);
      return {
        predictions: page.map((prediction) => view(prediction, truths)),
        next_page_token: found.length > limit && last ? tokenOf(last) : null,
      };
    },

    async attachActuals({ params, body }) {
      await deployments.known(params.name);
      await actuals.attach(params.name, body.actuals.map(toActual));
      return { accepted: body.actuals.length };
    },
  };
}

function view(prediction: Prediction, truths: ReadonlyMap<string, Actual>): Static<typeof PredictionSchema> {
  const truth = truths.get(`prediction_id\n${prediction.id}`) ?? truths.get(`key\n${prediction.key}`);
  return {
    ...prediction,
    time: new Date(prediction.time).toISOString(),
    actual: truth === undefined ? null : { value: truth.value, time: new Date(truth.time).toISOString() },
  };
}

function toActual({ prediction_id: id, key, value, time }: Static<typeof ActualSchema>, index: number): Actual {
  const field = `actuals.${index}`;
  if ((id === undefined) === (key === undefined)) {
    throw new PlatformError('INVALID_PARAMETER', `'${field}' needs either prediction_id or key.`, { field });
  }
  const at = time === undefined ? Date.now() : parseTime(`${field}.time`, time);
  return { by: id === undefined ? 'key' : 'prediction_id', reference: id ?? key ?? '', value, time: at };
}

function tokenOf({ time, id }: Prediction): string {
  return Buffer.from(JSON.stringify([time, id])).toString('base64url');
}

function positionOf(token: string): { time: number; id: string } {
  try {
    const [time, id] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as [unknown, unknown];
    if (typeof time === 'number' && typeof id === 'string') return { time, id };
  } catch {
    // Told below.
  }
  throw new PlatformError('INVALID_PARAMETER', 'page_token is not one that this list has given.', {
    field: 'page_token',
  });
}
