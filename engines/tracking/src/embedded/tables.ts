import type { Generated, Selectable } from 'kysely';

/** 0 or 1. */
type Flag = number;

/** The engine's tables. Times are milliseconds since 1970. Runs are joined by a short number, shown by run_id. */
export interface TrackingTables {
  experiments: {
    id: Generated<number>;
    /** The key of the name, see `keyOf`; so are all names of registered models and their versions. */
    name: string;
    workspace: string;
    artifact_location: string;
    lifecycle_stage: string;
    creation_time: number;
    last_update_time: number;
  };
  experiment_tags: { experiment: number; key: string; value: string };
  runs: {
    id: Generated<number>;
    run_id: string;
    experiment: number;
    name: string;
    user_id: string;
    status: string;
    start_time: number;
    end_time: number | null;
    lifecycle_stage: string;
    deleted_time: number | null;
    artifact_uri: string;
  };
  params: { run: number; key: string; value: string };
  tags: { run: number; key: string; value: string };
  metrics: { run: number; key: string; step: number; timestamp: number; value: number; is_nan: Flag };
  latest_metrics: { run: number; key: string; step: number; timestamp: number; value: number; is_nan: Flag };
  datasets: {
    id: Generated<number>;
    experiment: number;
    name: string;
    digest: string;
    source_type: string;
    source: string;
    schema: string | null;
    profile: string | null;
  };
  run_datasets: { run: number; dataset: number };
  run_dataset_tags: { run: number; dataset: number; key: string; value: string };
  run_models: { run: number; direction: 'input' | 'output'; model_id: string; step: number };
  logged_models: {
    model_id: string;
    experiment: number;
    name: string;
    artifact_uri: string;
    status: string;
    model_type: string;
    source_run_id: string;
    lifecycle_stage: string;
    creation_time: number;
    last_update_time: number;
  };
  logged_model_params: { model_id: string; key: string; value: string };
  logged_model_tags: { model_id: string; key: string; value: string };
  logged_model_metrics: {
    model_id: string;
    run_id: string;
    key: string;
    step: number;
    timestamp: number;
    value: number;
    is_nan: Flag;
    dataset_name: string;
    dataset_digest: string;
  };
  registered_models: {
    name: string;
    workspace: string;
    description: string;
    creation_time: number;
    last_update_time: number;
  };
  registered_model_tags: { name: string; key: string; value: string };
  registered_model_aliases: { name: string; alias: string; version: number };
  model_versions: {
    name: string;
    workspace: string;
    version: number;
    creation_time: number;
    last_update_time: number;
    description: string;
    user_id: string;
    stage: string;
    source: string;
    storage_location: string;
    run_id: string;
    run_link: string;
    status: string;
    /** sha256:… of the files as they were at registration; empty where the engine did not see them. */
    digest: string;
    deleted: Flag;
  };
  model_version_tags: { name: string; version: number; key: string; value: string };
  artifacts: { path: string; size: number; sha256: string };
}

export type RunRow = Selectable<TrackingTables['runs']>;
