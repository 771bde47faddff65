import type { ResourceRef } from '@mlops/operations';
import type { Static } from 'typebox';
import type { LoggedModel, ModelVersion, RegisteredModel, Run } from '../messages.ts';

// What a request of MLflow's interface touches. The same thing has the same id, however a request writes it: numbers
// lose their leading zeros, a run is named by either of its two fields.

const plainNumber = (text: string) => text.replace(/^0+(?=\d)/, '');

const experimentRef = (id: string): ResourceRef => ({ type: 'experiment', id: plainNumber(id) });

export const experiments = { type: 'experiment' };
export const experiment = {
  type: 'experiment',
  id: ({ experiment_id }: { experiment_id: string }) => plainNumber(experiment_id),
};
export const experimentByName = {
  type: 'experiment',
  name: ({ experiment_name }: { experiment_name: string }) => experiment_name,
};
export const newExperiment = {
  type: 'experiment',
  created: ({ experiment_id }: { experiment_id: string }) => experiment_id,
};

export const runs = { type: 'run' };
export const run = {
  type: 'run',
  id: ({ run_id, run_uuid }: { run_id?: string; run_uuid?: string }) => run_id || run_uuid,
};
const DEFAULT_EXPERIMENT = '0';
export const newRun = {
  type: 'run',
  parent: ({ experiment_id }: { experiment_id?: string }) => experimentRef(experiment_id || DEFAULT_EXPERIMENT),
  created: (output: { run: Static<typeof Run> }) => output.run.info.run_id,
};

export const loggedModels = { type: 'logged-model' };
export const loggedModel = { type: 'logged-model', id: ({ model_id }: { model_id: string }) => model_id };
export const newLoggedModel = {
  type: 'logged-model',
  parent: ({ experiment_id }: { experiment_id: string }) => experimentRef(experiment_id),
  created: ({ model }: { model: Static<typeof LoggedModel> }) => model.info.model_id,
};

interface Named {
  readonly name: string;
}
const modelRef = ({ name }: Named): ResourceRef => ({ type: 'registered-model', id: name });

export const registeredModels = { type: 'registered-model' };
export const registeredModel = { type: 'registered-model', id: ({ name }: Named) => name };
export const newRegisteredModel = {
  type: 'registered-model',
  created: (output: { registered_model: Static<typeof RegisteredModel> }) => output.registered_model.name,
};
/** `payments@champion`. */
export const alias = {
  type: 'registered-model-alias',
  id: ({ name, alias }: Named & { alias: string }) => `${name}@${alias}`,
  parent: modelRef,
};

export const modelVersions = { type: 'model-version' };
/** `payments/3`. */
export const modelVersion = {
  type: 'model-version',
  id: ({ name, version }: Named & { version: string }) => `${name}/${plainNumber(version)}`,
  parent: modelRef,
};
export const newModelVersion = {
  type: 'model-version',
  parent: modelRef,
  created: ({ model_version: { name, version } }: { model_version: Static<typeof ModelVersion> }) =>
    `${name}/${version}`,
};

export const artifact = { type: 'artifact', id: ({ path }: { path: string }) => path };
