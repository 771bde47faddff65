import { PlatformError } from '@mlops/errors';
import { Type } from 'typebox';
import { type ApiHandlers, apiOperation, listOf, pageQuery, parseTime } from '../api/index.ts';
import { currentAct } from '../audit/index.ts';
import { partsOf } from '../teams/index.ts';
import type { Deployment, Revision } from './deployment.ts';
import type { Deployments } from './deployments.ts';
import type { LiveDeployments } from './live.ts';
import type { DeploymentStore } from './store.ts';

const text = Type.String();
const time = Type.String({ format: 'date-time' });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

type DeploymentStatus = 'ready' | 'loading' | 'failed' | 'deleted';

const Options = Type.Object(
  {
    key_column: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'An input that names the row and is not given to the model; actuals can be attached by it.',
      }),
    ),
    features: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'A feature service of the team: it fills inputs that a request lacks, by the entity keys in it.',
      }),
    ),
    workers: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 64, description: 'Threads that each hold a copy of the model.' }),
    ),
    intra_op_threads: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 64, description: 'Threads that ONNX Runtime uses inside of one run.' }),
    ),
  },
  { additionalProperties: false },
);

const RevisionSchema = Type.Object({
  revision: Type.Integer(),
  model: Type.String({ description: 'The model as it was asked for.' }),
  model_name: text,
  model_version: text,
  digest: Type.String({ description: 'SHA-256 over the model’s files as they were loaded.' }),
  options: Options,
  status: Type.Union([Type.Literal('ready'), Type.Literal('failed')]),
  error: nullable(text),
  created_at: time,
  created_by: text,
});

const DeploymentSchema = Type.Object({
  name: text,
  team: text,
  status: Type.Unsafe<DeploymentStatus>({
    type: 'string',
    enum: ['ready', 'loading', 'failed', 'deleted'],
  }),
  reason: nullable(Type.String({ description: 'Why what is live cannot be served here.' })),
  created_at: time,
  deleted_at: nullable(time),
  live_revision: nullable(Type.Integer()),
  revision: nullable(RevisionSchema),
  endpoints: Type.Object({ open_inference: text, kserve_v1: text, invocations: text }),
});

const name = { name: Type.String() };
const wanted = {
  model: Type.String({ description: 'models:/NAME@ALIAS, models:/NAME/VERSION or models:/NAME/latest.' }),
  options: Type.Optional(Options),
};
const asOf = Type.Optional(Type.String({ description: 'What was live at this time (RFC 3339).' }));
const common = { resource: { type: 'deployment', id: (input: { name: string }) => input.name } };

export const deploymentOperations = {
  listDeployments: apiOperation('GET /api/v1/deployments', {
    summary: 'All deployments, now or at a time.',
    access: 'read',
    resource: { type: 'deployment' },
    request: Type.Object({ ...pageQuery, as_of: asOf }, { additionalProperties: false }),
    response: listOf('deployments', DeploymentSchema),
  }),
  createDeployment: apiOperation('POST /api/v1/deployments', {
    ...common,
    summary: 'Deploys a registered model version; answers when it has passed its golden request.',
    access: 'deploy',
    effect: 'long',
    status: 201,
    request: Type.Object({ name: text, ...wanted }, { additionalProperties: false }),
    response: DeploymentSchema,
  }),
  getDeployment: apiOperation('GET /api/v1/deployments/:name', {
    ...common,
    summary: 'A deployment, now or at a time.',
    access: 'read',
    request: Type.Object({ ...name, as_of: asOf }, { additionalProperties: false }),
    response: DeploymentSchema,
  }),
  updateDeployment: apiOperation('PUT /api/v1/deployments/:name', {
    ...common,
    summary: 'Makes a new revision; the old one serves until the new one is ready.',
    access: 'deploy',
    effect: 'long',
    request: Type.Object({ ...name, ...wanted }, { additionalProperties: false }),
    response: DeploymentSchema,
  }),
  rollbackDeployment: apiOperation('POST /api/v1/deployments/:name/rollback', {
    ...common,
    summary: 'Makes an earlier revision live again; by default the one before.',
    access: 'deploy',
    effect: 'long',
    request: Type.Object(
      { ...name, revision: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })) },
      { additionalProperties: false },
    ),
    response: DeploymentSchema,
  }),
  deleteDeployment: apiOperation('DELETE /api/v1/deployments/:name', {
    ...common,
    summary: 'Stops serving; the history stays.',
    access: 'delete',
    effect: 'long',
    request: Type.Object(name, { additionalProperties: false }),
    response: Type.Object({ name: text }),
  }),
  listRevisions: apiOperation('GET /api/v1/deployments/:name/revisions', {
    ...common,
    summary: 'All revisions, newest first, also those that failed.',
    access: 'read',
    request: Type.Object(name, { additionalProperties: false }),
    response: listOf('revisions', RevisionSchema),
  }),
};

export function deploymentHandlers(
  deployments: Deployments,
  store: DeploymentStore,
  live: LiveDeployments,
): ApiHandlers<typeof deploymentOperations> {
  const team = () => currentAct().principal.team;
  const view = async (deployment: Deployment, revision?: Revision) => {
    const { key, liveRevision } = deployment;
    const [newest] = liveRevision === null && !revision ? await store.revisions(key) : [];
    const shown = revision ?? (liveRevision === null ? newest : await store.revision(key, liveRevision));
    return viewDeployment(deployment, shown, live);
  };

  return {
    async listDeployments({ limit = 100, page_token = '', as_of }) {
      const found =
        as_of === undefined
          ? (await store.active(team())).map((deployment) => ({ deployment, revision: undefined }))
          : await store.liveAt(team(), parseTime('as_of', as_of));
      const rest = found.filter(({ deployment }) => partsOf(deployment.key).name > page_token);
      const page = await Promise.all(
        rest.slice(0, limit).map(({ deployment, revision }) => view(deployment, revision)),
      );
      return { deployments: page, next_page_token: rest.length > limit ? (page.at(-1)?.name ?? null) : null };
    },
    createDeployment: async (body) => view(await deployments.create(body.name, request(body))),
    async getDeployment({ name, as_of }) {
      if (as_of === undefined) return view(await deployments.existing(name));
      const at = await store.liveAt(team(), parseTime('as_of', as_of));
      const found = at.find(({ deployment }) => deployment.key === deployments.key(name));
      if (!found) throw new PlatformError('NOT_FOUND', `Nothing was live as '${name}' at ${as_of}.`);
      return view(found.deployment, found.revision);
    },
    updateDeployment: async (body) => view(await deployments.update(body.name, request(body))),
    rollbackDeployment: async ({ name, revision }) => view(await deployments.rollback(name, revision)),
    async deleteDeployment({ name }) {
      await deployments.delete(name);
      return { name };
    },
    async listRevisions({ name }) {
      const { key } = await deployments.known(name);
      return { revisions: (await store.revisions(key)).map(viewRevision), next_page_token: null };
    },
  };
}

interface WireOptions {
  key_column?: string;
  features?: string;
  workers?: number;
  intra_op_threads?: number;
}

function request({ model, options = {} }: { model: string; options?: WireOptions }) {
  const { key_column, features, workers, intra_op_threads } = options;
  return {
    model,
    options: {
      ...(key_column === undefined ? {} : { keyColumn: key_column }),
      ...(features === undefined ? {} : { features }),
      ...(workers === undefined ? {} : { workers }),
      ...(intra_op_threads === undefined ? {} : { intraOpThreads: intra_op_threads }),
    },
  };
}

function viewRevision(revision: Revision) {
  const { keyColumn, features, workers, intraOpThreads } = revision.options;
  return {
    revision: revision.revision,
    model: revision.model,
    model_name: revision.modelName,
    model_version: revision.modelVersion,
    digest: revision.digest,
    options: {
      ...(keyColumn === undefined ? {} : { key_column: keyColumn }),
      ...(features === undefined ? {} : { features }),
      ...(workers === undefined ? {} : { workers }),
      ...(intraOpThreads === undefined ? {} : { intra_op_threads: intraOpThreads }),
    },
    status: revision.status,
    error: revision.error,
    created_at: new Date(revision.createdAt).toISOString(),
    created_by: revision.createdBy,
  };
}

function viewDeployment(deployment: Deployment, revision: Revision | undefined, live: LiveDeployments) {
  const { key } = deployment;
  const { name } = partsOf(key);
  return {
    name,
    team: deployment.team,
    status: statusOf(deployment, live),
    reason: live.failures.get(key) ?? null,
    created_at: new Date(deployment.createdAt).toISOString(),
    deleted_at: deployment.deletedAt === null ? null : new Date(deployment.deletedAt).toISOString(),
    live_revision: deployment.liveRevision,
    revision: revision === undefined ? null : viewRevision(revision),
    endpoints: {
      open_inference: `/v2/models/${name}/infer`,
      kserve_v1: `/v1/models/${name}:predict`,
      invocations: `/api/v1/deployments/${name}/invocations`,
    },
  };
}

function statusOf({ key, deletedAt, liveRevision }: Deployment, live: LiveDeployments): DeploymentStatus {
  if (deletedAt !== null) return 'deleted';
  if (live.isReady(key)) return 'ready';
  return liveRevision === null || live.failures.has(key) ? 'failed' : 'loading';
}
