// MLflow's messages (mlflow/protos/service.proto, model_registry.proto) as schemas: one description for decoding,
// types and documentation. Field names are the wire's.
import type { JsonNumber } from '@mlops/json-numbers';
import { type Static, type TSchema, Type } from 'typebox';

const text = Type.String();
/** Milliseconds since 1970, steps, counts: integers up to 2^53. */
export const int64 = Type.Integer();
/** A double of a response: what is not finite is written as a string. */
const wireDouble = Type.Unsafe<JsonNumber>({ type: 'number' });
/** A double of a request: numbers, numbers as strings, "NaN", "Infinity", "-Infinity", booleans. */
export const double = Type.Unsafe<number>({ type: 'number' });

/** A proto enum: decoded by name, or by number where `numbers` gives one for each name. */
function wireEnum<const Names extends readonly string[]>(names: Names, firstNumber: number) {
  return Type.Unsafe<Names[number]>({ type: 'string', enum: [...names], firstNumber });
}

export const ViewType = wireEnum(['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL'], 1);
export const RunStatus = wireEnum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'], 1);
export const LoggedModelStatus = wireEnum(
  ['LOGGED_MODEL_STATUS_UNSPECIFIED', 'LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED'],
  0,
);

export const Tag = Type.Object({ key: text, value: Type.Optional(text) });
export const Param = Type.Object({ key: text, value: Type.Optional(text) });

export const Experiment = Type.Object({
  experiment_id: text,
  name: text,
  artifact_location: text,
  lifecycle_stage: text,
  last_update_time: int64,
  creation_time: int64,
  tags: Type.Optional(Type.Array(Tag)),
});

export const MetricInput = Type.Object({
  key: text,
  value: double,
  timestamp: int64,
  step: Type.Optional(int64),
  model_id: Type.Optional(text),
  dataset_name: Type.Optional(text),
  dataset_digest: Type.Optional(text),
});
export const Metric = Type.Object({
  key: text,
  value: wireDouble,
  timestamp: int64,
  step: int64,
  model_id: Type.Optional(text),
  run_id: Type.Optional(text),
  dataset_name: Type.Optional(text),
  dataset_digest: Type.Optional(text),
});

export const Dataset = Type.Object({
  name: text,
  digest: text,
  source_type: text,
  source: text,
  schema: Type.Optional(text),
  profile: Type.Optional(text),
});
export const DatasetInput = Type.Object({ tags: Type.Optional(Type.Array(Tag)), dataset: Dataset });
export const ModelInput = Type.Object({ model_id: text });
export const ModelOutput = Type.Object({ model_id: text, step: Type.Optional(int64) });

export const RunInfo = Type.Object({
  run_uuid: text,
  run_id: text,
  run_name: text,
  experiment_id: text,
  user_id: text,
  status: RunStatus,
  start_time: int64,
  end_time: Type.Optional(int64),
  artifact_uri: text,
  lifecycle_stage: text,
});
export const Run = Type.Object({
  info: RunInfo,
  data: Type.Object({
    metrics: Type.Optional(Type.Array(Metric)),
    params: Type.Optional(Type.Array(Param)),
    tags: Type.Optional(Type.Array(Tag)),
  }),
  inputs: Type.Optional(
    Type.Object({
      dataset_inputs: Type.Optional(Type.Array(DatasetInput)),
      model_inputs: Type.Optional(Type.Array(ModelInput)),
    }),
  ),
  outputs: Type.Optional(Type.Object({ model_outputs: Type.Optional(Type.Array(ModelOutput)) })),
});

export const LoggedModel = Type.Object({
  info: Type.Object({
    model_id: text,
    experiment_id: text,
    name: text,
    creation_timestamp_ms: int64,
    last_updated_timestamp_ms: int64,
    artifact_uri: text,
    status: LoggedModelStatus,
    model_type: text,
    source_run_id: Type.Optional(text),
    tags: Type.Optional(Type.Array(Tag)),
  }),
  data: Type.Object({ params: Type.Optional(Type.Array(Param)), metrics: Type.Optional(Type.Array(Metric)) }),
});

export const ModelVersion = Type.Object({
  name: text,
  version: text,
  creation_timestamp: int64,
  last_updated_timestamp: int64,
  user_id: Type.Optional(text),
  current_stage: text,
  description: text,
  source: text,
  run_id: Type.Optional(text),
  status: text,
  run_link: text,
  tags: Type.Optional(Type.Array(Tag)),
  aliases: Type.Optional(Type.Array(text)),
});

export const RegisteredModel = Type.Object({
  name: text,
  creation_timestamp: int64,
  last_updated_timestamp: int64,
  description: Type.Optional(text),
  latest_versions: Type.Optional(Type.Array(ModelVersion)),
  tags: Type.Optional(Type.Array(Tag)),
  aliases: Type.Optional(Type.Array(Type.Object({ alias: text, version: text }))),
});

export type Experiment = Static<typeof Experiment>;
export type Tag = Static<typeof Tag>;
export type Param = Static<typeof Param>;
export type Metric = Static<typeof Metric>;
export type MetricInput = Static<typeof MetricInput>;
export type Dataset = Static<typeof Dataset>;
export type DatasetInput = Static<typeof DatasetInput>;
export type ModelOutput = Static<typeof ModelOutput>;
export type Run = Static<typeof Run>;
export type RunInfo = Static<typeof RunInfo>;
export type RunStatus = Static<typeof RunStatus>;
export type ViewType = Static<typeof ViewType>;
export type LoggedModel = Static<typeof LoggedModel>;
export type LoggedModelStatus = Static<typeof LoggedModelStatus>;
export type ModelVersion = Static<typeof ModelVersion>;
export type RegisteredModel = Static<typeof RegisteredModel>;

/** A page of a list: the token is absent on the last one. */
export function page<T extends TSchema, N extends string>(noun: N, item: T) {
  return Type.Object({
    [noun]: Type.Optional(Type.Array(item)),
    next_page_token: Type.Optional(text),
  } as { [K in N]: ReturnType<typeof Type.Optional<ReturnType<typeof Type.Array<T>>>> } & {
    next_page_token: ReturnType<typeof Type.Optional<typeof text>>;
  });
}

export const empty = Type.Object({});

/** A list field: absent when empty, as proto writes it. */
export function listField<N extends string, T>(name: N, items: readonly T[]): { [K in N]?: T[] } {
  return (items.length === 0 ? {} : { [name]: items }) as { [K in N]?: T[] };
}
