import { type Static, Type } from 'typebox';
import { piiClasses } from '../model.ts';
import { keyTypes, valueTypeNames } from '../values/value-type.ts';

const strict = { additionalProperties: false } as const;
/** What Feast, Redis and SQL take as it is. */
const Name = Type.String({
  pattern: '^[A-Za-z_][A-Za-z0-9_.-]{0,199}$',
  description: 'Letters, digits, _, . and -; unique among what is of the same kind.',
});
const Column = Type.String({ minLength: 1, maxLength: 200, description: 'Name of a column.' });
const Pii = Type.Optional(
  Type.Enum([...piiClasses], {
    description: 'What it says about a person: none (default), pii (personal data), phi (health data).',
  }),
);

const described = {
  name: Name,
  description: Type.Optional(Type.String({ description: 'What it is, for people.' })),
  owner: Type.Optional(Type.String({ description: 'Who answers for it: an address or a team.' })),
  tags: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'Free words, as name: value.' })),
};

const EntityDefinition = Type.Object(
  {
    ...described,
    join_key: Type.Optional(Type.String({ description: 'The column that identifies it; default: its name.' })),
    type: Type.Enum([...keyTypes], { description: 'The type of the column.' }),
  },
  { ...strict, description: 'A thing that features are about.' },
);

const SourceDefinition = Type.Object(
  {
    ...described,
    type: Type.Enum(['file', 'push'], {
      description: 'file: Parquet. push: rows that arrive by /push, with a file behind them for history.',
    }),
    path: Type.Optional(
      Type.String({
        description: 'file: a Parquet file, or a folder of them; relative to the definitions, or s3://bucket/…',
      }),
    ),
    timestamp_field: Type.Optional(
      Type.String({ description: 'file: the column with the time of the event; default: event_timestamp.' }),
    ),
    created_timestamp_column: Type.Optional(
      Type.String({ description: 'file: the column with the time at which the row was made.' }),
    ),
    field_mapping: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'file: column of the source → name of key or feature.',
      }),
    ),
    batch_source: Type.Optional(Type.String({ description: 'push: the file source with the history.' })),
  },
  { ...strict, description: 'Where rows come from.' },
);

const FeatureDefinition = Type.Object(
  {
    name: Name,
    type: Type.Enum([...valueTypeNames], { description: "Feast's type." }),
    description: described.description,
    tags: described.tags,
    pii: Pii,
    default: Type.Optional(
      Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()], {
        description:
          'What a deployment takes where a key has no value, or one that is too old; null: a missing input. Without it the request is refused.',
      }),
    ),
  },
  { ...strict, description: 'One value of a view.' },
);

const ViewDefinition = Type.Object(
  {
    ...described,
    entities: Type.Optional(
      Type.Array(Type.String(), { description: 'Whose features these are; none: one row for all.' }),
    ),
    ttl: Type.Optional(
      Type.String({
        pattern: '^(?:0|\\d{1,9}(?:ms|s|m|h|d|w))$',
        description: 'How old a value may be when it is used: 90s, 15m, 24h, 7d, 2w; 0 (default): any age.',
      }),
    ),
    source: Type.String({ description: 'Name of the source: a file, or a push source.' }),
    features: Type.Array(FeatureDefinition, { minItems: 1 }),
    materialize_every: Type.Optional(
      Type.String({
        pattern: '^[1-9]\\d{0,8}(?:s|m|h|d|w)$',
        description: 'How often the platform copies what is new into the online store: 15m, 1h; default: when asked.',
      }),
    ),
    online: Type.Optional(Type.Boolean({ description: 'Whether it is kept in the online store; default: true.' })),
    pii: Pii,
  },
  { ...strict, description: 'Features of one source that share a key and a time.' },
);

const ServiceDefinition = Type.Object(
  {
    ...described,
    features: Type.Array(
      Type.Object(
        {
          view: Type.String({ description: 'Name of the feature view.' }),
          name: Type.Optional(Type.String({ description: 'Another name for the view here, in full feature names.' })),
          features: Type.Optional(Type.Array(Column, { minItems: 1, description: 'Which ones; default: all.' })),
          join_key_map: Type.Optional(
            Type.Record(Type.String(), Type.String(), {
              description: "The view's key column → the column that carries it here.",
            }),
          ),
        },
        strict,
      ),
      { minItems: 1 },
    ),
  },
  { ...strict, description: 'The features that a model takes, under one name.' },
);

/** One file of definitions. */
export const DefinitionsFile = Type.Object(
  {
    entities: Type.Optional(Type.Array(EntityDefinition)),
    sources: Type.Optional(Type.Array(SourceDefinition)),
    feature_views: Type.Optional(Type.Array(ViewDefinition)),
    feature_services: Type.Optional(Type.Array(ServiceDefinition)),
  },
  strict,
);

export type EntityDefinition = Static<typeof EntityDefinition>;
export type SourceDefinition = Static<typeof SourceDefinition>;
export type ViewDefinition = Static<typeof ViewDefinition>;
export type ServiceDefinition = Static<typeof ServiceDefinition>;

/** The published JSON schema of a file of definitions, for editors and other programs. */
export const definitionsSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Feature definitions',
  description: 'Entities, sources, feature views and feature services of one project. Several files make one whole.',
  ...DefinitionsFile,
};
