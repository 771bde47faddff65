import { PlatformError } from '@mlops/errors';
import { type Static, Type } from 'typebox';
import { type ApiHandlers, apiOperation, listOf, pageQuery, parseTime } from '../api/index.ts';
import { currentAct } from '../audit/index.ts';
import type { Deployments } from '../deployments/index.ts';
import { partsOf } from '../teams/index.ts';
import type { Actual, ActualsStore } from './actuals.ts';
import type { Position } from './columns.ts';
import type { PredictionLog } from './log.ts';
import type { Prediction } from './prediction.ts';
import type { Recorder } from './recorder.ts';
import type { PredictionStore } from './store.ts';

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
  features: Type.Optional(
    Type.Record(text, Type.Unknown(), {
      description: 'What a feature service gave, with its keys and event times.',
    }),
  ),
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
    value: Type.Union([Type.Number(), Type.String({ maxLength: 1000 }), Type.Boolean()]),
    time: Type.Optional(Type.String({ description: 'When the truth became known (RFC 3339); default: now.' })),
  },
  { additionalProperties: false },
);

const INT32_MAX = 2 ** 31 - 1;
const DAYS_MAX = 36_500;
const name = { name: Type.String() };
const ofDeployment = { resource: { type: 'prediction', id: (input: { name: string }) => input.name } };
const Retention = Type.Object(
  { days: Type.Integer({ minimum: 1, maximum: DAYS_MAX }) },
  { additionalProperties: false },
);

const { properties: pageOfPredictions } = listOf('predictions', PredictionSchema);
const PredictionPageSchema = Type.Object({
  ...pageOfPredictions,
  unreadable_segments: Type.Optional(
    Type.Array(text, { description: 'Files of the log that could not be read: what they hold is missing here.' }),
  ),
});

export const predictionOperations = {
  listPredictions: apiOperation('GET /api/v1/deployments/:name/predictions', {
    summary: 'Logged predictions, newest first, with their actuals. A page ends early where predictions hold much.',
    access: 'read',
    ...ofDeployment,
    request: Type.Object(
      {
        ...name,
        ...pageQuery,
        id: Type.Optional(text),
        request_id: Type.Optional(text),
        key: Type.Optional(text),
        revision: Type.Optional(Type.Integer({ minimum: 0, maximum: INT32_MAX })),
        status: Type.Optional(Type.Integer({ minimum: 0, maximum: INT32_MAX })),
        since: Type.Optional(Type.String({ description: 'From this time on (RFC 3339).' })),
        until: Type.Optional(Type.String({ description: 'Before this time (RFC 3339).' })),
      },
      { additionalProperties: false },
    ),
    response: PredictionPageSchema,
  }),
  attachActuals: apiOperation('POST /api/v1/deployments/:name/actuals', {
    summary: 'Attaches ground truth to predictions, by id or by key.',
    access: 'write',
    audited: false,
    ...ofDeployment,
    request: Type.Object(
      { ...name, actuals: Type.Array(ActualSchema, { minItems: 1, maxItems: 1000 }) },
      { additionalProperties: false },
    ),
    response: Type.Object({
      accepted: Type.Integer({ description: 'Actuals that were attached.' }),
      unknown: Type.Array(text, {
        description: 'Ids of predictions that are not in the log: nothing was attached to them.',
      }),
    }),
  }),
  getPredictionRetention: apiOperation('GET /api/v1/prediction-retention', {
    summary: 'How long the team keeps its predictions.',
    access: 'read',
    resource: { type: 'prediction' },
    response: Retention,
  }),
  setPredictionRetention: apiOperation('PUT /api/v1/prediction-retention', {
    summary: 'Sets how long the team keeps its predictions; older ones are removed within the hour.',
    access: 'administer',
    resource: { type: 'prediction' },
    request: Retention,
    response: Retention,
    details: ({ days }) => ({ days }),
  }),
};

export interface PredictionParts {
  readonly log: PredictionLog;
  readonly recorder: Recorder;
  readonly actuals: ActualsStore;
  readonly store: PredictionStore;
  readonly retentionDays: number;
  readonly deployments: Deployments;
}

export function predictionHandlers(parts: PredictionParts): ApiHandlers<typeof predictionOperations> {
  const { log, recorder, actuals, store, retentionDays, deployments } = parts;
  const team = () => currentAct().principal.team;
  return {
    async listPredictions({ name, limit = 100, page_token, since, until, ...filter }) {
      const { key } = await deployments.known(name);
      await recorder.flush();
      const range = {
        ...(since === undefined ? {} : { since: parseTime('since', since) }),
        ...(until === undefined ? {} : { until: parseTime('until', until) }),
        ...(page_token === undefined ? {} : { after: positionOf(page_token) }),
      };
      const { predictions: page, hasMore, unreadable } = await log.list(key, { ...filter, ...range }, limit);
      const ids = page.map((prediction) => prediction.id);
      const keys = page.flatMap((prediction) => prediction.key ?? []);
      const truths = new Map(
        (await actuals.find(key, ids, keys)).map((truth) => [`${truth.by}\n${truth.reference}`, truth]),
      );
      const last = page.at(-1);
      return {
        predictions: page.map((prediction) => view(prediction, truths)),
        next_page_token: hasMore && last ? tokenOf(page, last, range.after) : null,
        ...(unreadable.length === 0 ? {} : { unreadable_segments: [...unreadable] }),
      };
    },

    async attachActuals({ name, actuals: given }) {
      const { key } = await deployments.known(name);
      await recorder.flush();
      const attached = given.map(toActual);
      const ids = [...new Set(attached.filter(({ by }) => by === 'prediction_id').map(({ reference }) => reference))];
      const logged = ids.length === 0 ? new Set<string>() : await log.known(key, ids);
      const unknown = ids.filter((id) => !logged.has(id));
      const accepted = attached.filter(({ by, reference }) => by === 'key' || logged.has(reference));
      if (accepted.length > 0) await actuals.attach(key, accepted);
      return { accepted: accepted.length, unknown };
    },

    getPredictionRetention: async () => ({ days: (await store.retention(team())) ?? retentionDays }),
    async setPredictionRetention({ days }) {
      await store.setRetention(team(), days);
      return { days };
    },
  };
}

function view(prediction: Prediction, truths: ReadonlyMap<string, Actual>): Static<typeof PredictionSchema> {
  const truth = truths.get(`prediction_id\n${prediction.id}`) ?? truths.get(`key\n${prediction.key}`);
  const { features, ...rest } = prediction;
  return {
    ...rest,
    ...(features === undefined ? {} : { features }),
    deployment: partsOf(prediction.deployment).name,
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

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 1_000_000;
}

/** Where a page ends: a client may have used an id more than once within a millisecond. */
function tokenOf(page: readonly Prediction[], { time, id }: Prediction, before: Position | undefined): string {
  const isLast = (each: { time: number; id: string }) => each.time === time && each.id === id;
  const read = page.filter(isLast).length + (before && isLast(before) ? before.read : 0);
  return Buffer.from(JSON.stringify([time, id, read])).toString('base64url');
}

function positionOf(token: string): Position {
  try {
    const [time, id, read = 1] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as [
      unknown,
      unknown,
      unknown,
    ];
    if (Number.isSafeInteger(time) && typeof id === 'string' && isCount(read))
      return { time: time as number, id, read };
  } catch {
    // Told below.
  }
  throw new PlatformError('INVALID_PARAMETER', 'page_token is not one that this list has given.', {
    field: 'page_token',
  });
}
