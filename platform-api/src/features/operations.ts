import { type DefinitionKind, definitionKinds } from '@mlops/features';
import { Type } from 'typebox';
import { apiOperation, listOf, pageQuery } from '../api/index.ts';

const text = Type.String();
const time = Type.String({ format: 'date-time' });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const strict = { additionalProperties: false } as const;
const names = Type.Array(text);
const described = { name: text, description: text, owner: text, tags: Type.Record(text, text) };
const Kind = Type.Unsafe<DefinitionKind>({ type: 'string', enum: [...definitionKinds] });

const FeatureViewSchema = Type.Object({
  ...described,
  entities: names,
  keys: Type.Array(Type.Object({ name: text, type: text })),
  features: Type.Array(Type.Object({ ...described, type: text, pii: text, owner: Type.Optional(text) })),
  source: nullable(text),
  ttl_seconds: Type.Number({ description: '0: values of any age are used.' }),
  online: Type.Boolean(),
  pii: text,
  materialize_every_seconds: nullable(Type.Number()),
  materialized_until: nullable(time),
  services: Type.Array(text, { description: 'Feature services that use it.' }),
});

const FeatureServiceSchema = Type.Object({
  ...described,
  keys: names,
  features: Type.Array(Type.Object({ view: text, features: names, join_key_map: Type.Record(text, text) })),
  deployments: Type.Array(text, { description: 'Live deployments that it fills.' }),
});

const EntitySchema = Type.Object({ ...described, join_key: text, type: text });

const FoundSchema = Type.Object({ kind: Kind, ...described, entities: names, features: names });

const Thing = Type.Object({ kind: Kind, name: text });
const PlanSchema = Type.Object({
  version: Type.Integer({ description: 'The version that is in force; 0: none yet.' }),
  added: Type.Array(Thing),
  changed: Type.Array(Type.Object({ kind: Kind, name: text, fields: names })),
  removed: Type.Array(Thing),
  affects: Type.Object({
    services: names,
    deployments: names,
    materialised: Type.Array(Type.Object({ view: text, until: time }), {
      description: 'Removed or changed views that have rows in the online store.',
    }),
    backfill: Type.Array(Type.Object({ view: text, rows: nullable(Type.Integer()), reason: nullable(text) }), {
      description: 'Views to be materialised, with the rows of their history; null where it cannot be read, and why.',
    }),
  }),
  breaks: Type.Array(text, { description: 'Why who uses a service could not go on.' }),
});

const Files = Type.Object(
  {
    files: Type.Array(
      Type.Object(
        { name: Type.String({ minLength: 1, maxLength: 500 }), text: Type.String({ maxLength: 4 * 1024 * 1024 }) },
        strict,
      ),
      { maxItems: 1000, description: 'All YAML files of the team: what they do not define is removed.' },
    ),
    root: Type.Optional(
      Type.String({
        maxLength: 4000,
        description:
          'Where paths of sources begin: a folder of this machine, on a platform for the one user of it. Else and by default the team’s own folder.',
      }),
    ),
  },
  strict,
);

const selection = {
  service: Type.Optional(text),
  features: Type.Optional(Type.Array(text, { description: 'As view:feature; in place of a service.' })),
  full_feature_names: Type.Optional(Type.Boolean({ description: 'Names as view__feature.' })),
};
const Columns = Type.Record(text, Type.Array(Type.Unknown()), {
  description: 'Columns with a value for each row.',
});
const Values = Type.Record(text, Type.Unknown());

const IntervalSchema = Type.Object({
  view: text,
  start: time,
  done_until: time,
  end: Type.String({ format: 'date-time', description: 'Later than done_until while it runs, or where it stopped.' }),
  rows: Type.Integer(),
});

const StatisticsSchema = Type.Object({
  view: text,
  rows: Type.Integer(),
  first_event: nullable(time),
  last_event: nullable(time),
  features: Type.Array(
    Type.Object({
      feature: text,
      nulls: Type.Integer(),
      distinct: Type.Integer({ description: 'About how many.' }),
      min: nullable(Type.Number()),
      max: nullable(Type.Number()),
      mean: nullable(Type.Number()),
      stddev: nullable(Type.Number()),
    }),
  ),
});

type Counted = Readonly<Record<'added' | 'changed' | 'removed', readonly unknown[]>>;

/** What the audit entry of an application says. */
export function applied(
  { force_reason }: { force_reason?: string | undefined },
  { version, added, changed, removed, breaks }: Counted & { version: number; breaks: readonly string[] },
) {
  const counts = { added: added.length, changed: changed.length, removed: removed.length };
  return { version, ...counts, ...(force_reason === undefined ? {} : { force_reason, breaks }) };
}

const name = Type.Object({ name: text }, strict);
const page = Type.Object(pageQuery, strict);
const reads = { access: 'read' } as const;
const view = { resource: { type: 'feature-view', id: (input: { name: string }) => input.name } };
const service = { resource: { type: 'feature-service', id: (input: { name: string }) => input.name } };
const asked = { resource: { type: 'feature-service', id: (input: { service?: string }) => input.service } };
const definitions = { resource: { type: 'feature-definitions' } };

export const featureApiOperations = {
  listFeatureViews: apiOperation('GET /api/v1/features/views', {
    ...reads,
    summary: 'The team’s feature views.',
    resource: { type: 'feature-view' },
    request: page,
    response: listOf('views', FeatureViewSchema),
  }),
  getFeatureView: apiOperation('GET /api/v1/features/views/:name', {
    ...reads,
    ...view,
    summary: 'A feature view, and who uses it.',
    request: name,
    response: FeatureViewSchema,
  }),
  getFeatureStatistics: apiOperation('GET /api/v1/features/views/:name/statistics', {
    ...reads,
    ...view,
    summary: 'What the history of a view holds: rows, times, nulls and ranges.',
    request: name,
    response: StatisticsSchema,
  }),
  listFeatureServices: apiOperation('GET /api/v1/features/services', {
    ...reads,
    summary: 'The team’s feature services.',
    resource: { type: 'feature-service' },
    request: page,
    response: listOf('services', FeatureServiceSchema),
  }),
  getFeatureService: apiOperation('GET /api/v1/features/services/:name', {
    ...reads,
    ...service,
    summary: 'A feature service.',
    request: name,
    response: FeatureServiceSchema,
  }),
  listFeatureEntities: apiOperation('GET /api/v1/features/entities', {
    ...reads,
    summary: 'What the team’s features are about.',
    resource: { type: 'feature-definitions' },
    request: page,
    response: listOf('entities', EntitySchema),
  }),
  searchFeatures: apiOperation('GET /api/v1/features/search', {
    ...reads,
    ...definitions,
    summary: 'Definitions by words, entity, tag, owner and kind.',
    request: Type.Object(
      {
        ...pageQuery,
        q: Type.Optional(Type.String({ maxLength: 500, description: 'Words that all have to stand in it.' })),
        entity: Type.Optional(text),
        tag: Type.Optional(Type.String({ description: 'NAME or NAME=VALUE.' })),
        owner: Type.Optional(text),
        kind: Type.Optional(Kind),
      },
      strict,
    ),
    response: listOf('found', FoundSchema),
  }),
  readOnlineFeatures: apiOperation('POST /api/v1/features/online', {
    ...reads,
    ...asked,
    summary: 'The newest values of features, by rows.',
    request: Type.Object({ entities: Columns, ...selection }, strict),
    response: Type.Object({
      rows: Type.Array(
        Type.Object({ values: Values, statuses: Type.Record(text, text), event_timestamps: Type.Record(text, time) }),
      ),
    }),
  }),
  readHistoricalFeatures: apiOperation('POST /api/v1/features/historical', {
    ...reads,
    ...asked,
    summary: 'Values of features as they were at given moments, by columns. As Parquet: POST /get-historical-features.',
    request: Type.Object(
      {
        entities: Columns,
        ...selection,
        timestamp_column: Type.Optional(Type.String({ description: 'Default: event_timestamp.' })),
        filter_by_created_timestamp: Type.Optional(
          Type.Boolean({ description: 'Whether rows count only from when they were made; default: true.' }),
        ),
      },
      strict,
    ),
    response: Type.Object({ columns: Columns }),
  }),
  planFeatures: apiOperation('POST /api/v1/features/plan', {
    ...reads,
    ...definitions,
    summary: 'What applying definitions would change, and what that affects.',
    request: Files,
    response: PlanSchema,
  }),
  applyFeatures: apiOperation('POST /api/v1/features/apply', {
    ...definitions,
    summary: 'Puts definitions in force, all or none of them; refused while a deployment would break.',
    access: 'write',
    effect: 'long',
    request: Type.Object(
      {
        ...Files.properties,
        if_version: Type.Optional(
          Type.Integer({ minimum: 0, description: 'The version that was planned for; any other is a conflict.' }),
        ),
        force_reason: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: 1000,
            description: 'Applies although somebody breaks, and says why.',
          }),
        ),
      },
      strict,
    ),
    response: PlanSchema,
    details: applied,
  }),
  listMaterialisations: apiOperation('GET /api/v1/features/materialisations', {
    ...reads,
    summary: 'What of the views was copied into the online store.',
    resource: { type: 'feature-view', id: (input: { view?: string }) => input.view },
    request: Type.Object({ ...pageQuery, view: Type.Optional(text) }, strict),
    response: listOf('materialisations', IntervalSchema),
  }),
  createMaterialisation: apiOperation('POST /api/v1/features/materialisations', {
    summary: 'Copies the newest rows into the online store; answers when that is done.',
    access: 'write',
    effect: 'long',
    resource: { type: 'feature-view' },
    request: Type.Object(
      {
        views: Type.Optional(Type.Array(text, { description: 'Default: all that are kept online.' })),
        start: Type.Optional(
          Type.String({ description: 'From this event time on (RFC 3339); default: where the last run ended.' }),
        ),
        end: Type.Optional(Type.String({ description: 'Up to this event time (RFC 3339); default: now.' })),
      },
      strict,
    ),
    response: Type.Object({
      views: Type.Array(
        Type.Object({ view: text, rows: Type.Integer({ description: 'Rows that were newer than what was there.' }) }),
      ),
    }),
    details: ({ start, end }, { views }) => ({
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
      rows: Object.fromEntries(views.map(({ view: each, rows }) => [each, rows])),
    }),
  }),
  createFeatureErasure: apiOperation('POST /api/v1/features/erasures', {
    summary: 'Forgets all that the online store keeps of one entity, and says what was found.',
    access: 'delete',
    effect: 'long',
    resource: { type: 'feature-entity' },
    request: Type.Object(
      { entity_key: Type.Record(text, Type.Unknown(), { description: 'A value for each key column.' }) },
      strict,
    ),
    response: Type.Object({ online: Type.Array(text, { description: 'Views that had something.' }) }),
    // Whose it was is what is to be forgotten.
    details: ({ entity_key }, { online }) => ({ key_columns: Object.keys(entity_key), online }),
  }),
};
