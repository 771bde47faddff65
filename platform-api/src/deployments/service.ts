import { PlatformError, toPlatformError } from '@mlops/errors';
import type { InferenceEngine } from '@mlops/inference';
import type { TrackingEngine } from '@mlops/tracking';
import type { Audit } from '../audit/index.ts';
import {
  checkDeploymentName,
  type Deployment,
  type DeploymentOptions,
  previousRevision,
  type Revision,
} from './deployment.ts';
import type { ModelFiles } from './model-files.ts';
import { findModelVersion } from './model-version.ts';
import type { DeploymentStore } from './store.ts';

/** What a caller wants to be served. */
export interface DeploymentRequest {
  readonly model: string;
  readonly options?: DeploymentOptions | undefined;
}

type Candidate = Pick<Revision, 'model' | 'modelName' | 'modelVersion' | 'options'>;

/**
 * Brings model versions into service. A new revision is loaded and has answered its golden request before anyone sees
 * it; until then, and if it fails, the one before it answers.
 */
export class Deployments {
  readonly #store: DeploymentStore;
  readonly #tracking: TrackingEngine;
  readonly #inference: InferenceEngine;
  readonly #files: ModelFiles;
  readonly #audit: Audit;
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Live revisions by deployment, for the prediction log: looked up at every prediction. */
  readonly #serving = new Map<string, { team: string; revisions: Map<string, Revision> }>();

  constructor(parts: {
    store: DeploymentStore;
    tracking: TrackingEngine;
    inference: InferenceEngine;
    files: ModelFiles;
    audit: Audit;
  }) {
    this.#store = parts.store;
    this.#tracking = parts.tracking;
    this.#inference = parts.inference;
    this.#files = parts.files;
    this.#audit = parts.audit;
  }

  /** @throws CONFLICT if it exists, NOT_FOUND, DIGEST_MISMATCH, DEPLOYMENT_FAILED with the reason */
  create(name: string, request: DeploymentRequest): Promise<Deployment> {
    checkDeploymentName(name);
    return this.#inTurn(name, async () => {
      const existing = await this.#store.find(name);
      if (existing && existing.deletedAt === null && existing.liveRevision !== null) {
        throw new PlatformError('CONFLICT', `Deployment '${name}' exists. PUT changes its model; DELETE removes it.`, {
          field: 'name',
        });
      }
      return this.#rollOut(name, existing, await this.#resolve(request));
    });
  }

  /** Replaces the live revision by a new one. @throws as create, and NOT_FOUND */
  update(name: string, request: DeploymentRequest): Promise<Deployment> {
    return this.#inTurn(name, async () => this.#rollOut(name, await this.existing(name), await this.#resolve(request)));
  }

  /** Makes an earlier revision live again; by default the one before. @throws NOT_FOUND, CONFLICT, DEPLOYMENT_FAILED */
  rollback(name: string, wanted?: number): Promise<Deployment> {
    return this.#inTurn(name, async () => {
      const deployment = await this.existing(name);
      const periods = await this.#store.periods(name);
      const target = wanted ?? previousRevision(periods, deployment.liveRevision ?? 0);
      if (target === undefined) throw new PlatformError('CONFLICT', `Deployment '${name}' has no earlier revision.`);
      if (target === deployment.liveRevision)
        throw new PlatformError('CONFLICT', `Revision ${target} of '${name}' is live.`);
      const revision = await this.#store.revision(name, target);
      if (revision?.status !== 'ready') {
        throw new PlatformError('NOT_FOUND', `Deployment '${name}' has no revision ${target} that was ready.`, {
          field: 'revision',
        });
      }
      await this.#load(revision);
      return this.#goLive({ deployment, before: deployment, revision }, { rolled_back_from: deployment.liveRevision });
    });
  }

  /** Stops serving; its history stays. */
  delete(name: string): Promise<void> {
    return this.#inTurn(name, async () => {
      const deployment = await this.existing(name);
      const time = Date.now();
      await this.#store.transaction(async () => {
        await this.#store.save({ ...deployment, deletedAt: time, liveRevision: null }, deployment);
        await this.#store.turnPeriod(name, null, time);
        await this.#audit.record();
      });
      for (const version of this.#serving.get(name)?.revisions.keys() ?? [])
        await this.#inference.unload(name, version);
      this.#serving.delete(name);
    });
  }

  /** @throws NOT_FOUND, also for a deleted one */
  async existing(name: string): Promise<Deployment> {
    const deployment = await this.#store.find(name);
    if (!deployment || deployment.deletedAt !== null) {
      throw new PlatformError('NOT_FOUND', `There is no deployment '${name}'.`);
    }
    return deployment;
  }

  /** A deployment, also one that is deleted: its log can still be read. @throws NOT_FOUND */
  async known(name: string): Promise<Deployment> {
    const deployment = await this.#store.find(name);
    if (!deployment) throw new PlatformError('NOT_FOUND', `There never was a deployment '${name}'.`);
    return deployment;
  }

  /** What the prediction log writes about a request to a deployment; undefined for a name that is none. */
  served(
    name: string,
    version: string | undefined,
  ): { team: string; revision: number | null; modelVersion: string | null } | undefined {
    const versions = this.#serving.get(name);
    if (!versions) return undefined;
    const revision = version === undefined ? undefined : versions.revisions.get(version);
    return { team: versions.team, revision: revision?.revision ?? null, modelVersion: revision?.modelVersion ?? null };
  }

  isServing(name: string): boolean {
    return this.#inference.isReady(name);
  }

  /** Loads what should be live and is not in this process, and drops what should not: at start, and where several processes share one state. */
  async reconcile(onError: (name: string, error: PlatformError) => void): Promise<void> {
    const active = await this.#store.active();
    await Promise.all(
      active.map(({ name }) =>
        this.#inTurn(name, () => this.#reconcileOne(name)).catch((error: unknown) =>
          onError(name, toPlatformError(error)),
        ),
      ),
    );
    const names = new Set(active.map(({ name }) => name));
    for (const [name, { revisions }] of this.#serving) {
      if (names.has(name)) continue;
      for (const version of revisions.keys()) await this.#inference.unload(name, version);
      this.#serving.delete(name);
    }
  }

  async #reconcileOne(name: string): Promise<void> {
    const deployment = await this.#store.find(name);
    const live = deployment?.liveRevision;
    if (!deployment || live === null || live === undefined || this.#serves(name, live)) return;
    const revision = await this.#store.revision(name, live);
    if (!revision) return;
    await this.#load(revision);
    await this.#serve(deployment.team, revision);
  }

  async #resolve({ model, options = {} }: DeploymentRequest): Promise<Candidate> {
    const found = await findModelVersion(this.#tracking, model);
    return { model, modelName: found.name, modelVersion: found.version, options };
  }

  async #rollOut(name: string, existing: Deployment | undefined, candidate: Candidate): Promise<Deployment> {
    const [newest] = await this.#store.revisions(name);
    const actor = this.#audit.actor();
    const now = Date.now();
    const draft: Revision = {
      deployment: name,
      revision: (newest?.revision ?? 0) + 1,
      ...candidate,
      digest: '',
      status: 'ready',
      error: null,
      createdAt: now,
      createdBy: actor.id,
    };
    const fresh: Deployment = { name, team: actor.team, createdAt: now, deletedAt: null, liveRevision: null };
    const deployment = existing && existing.deletedAt === null ? existing : fresh;
    let digest: string;
    try {
      digest = await this.#load(draft);
    } catch (thrown) {
      const error = toPlatformError(thrown);
      await this.#store.transaction(async () => {
        await this.#store.save(deployment, existing);
        await this.#store.addRevision({ ...draft, status: 'failed', error: error.message });
      });
      throw asFailure(draft, deployment, error);
    }
    const revision = { ...draft, digest };
    return this.#goLive({ deployment, before: existing, revision }, { model: revision.model }, () =>
      this.#store.addRevision(revision),
    );
  }

  /** Loads a revision and lets it answer its golden request; returns the digest of what was loaded. */
  async #load(revision: Revision): Promise<string> {
    const { deployment: name, modelName, modelVersion, digest } = revision;
    const version = String(revision.revision);
    // Another process made a different revision live, and this one has not followed yet.
    if (this.#serves(name, revision.revision)) return digest;
    const fetched = await this.#files.fetch(modelName, modelVersion, digest === '' ? undefined : digest);
    await this.#inference.load(name, version, { path: fetched.folder, options: revision.options });
    try {
      await this.#inference.verify(name, version);
    } catch (error) {
      await this.#inference.unload(name, version);
      throw error;
    }
    return fetched.digest;
  }

  async #goLive(
    { deployment, before, revision }: { deployment: Deployment; before: Deployment | undefined; revision: Revision },
    details: Record<string, unknown>,
    alongside: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Deployment> {
    const live = { ...deployment, liveRevision: revision.revision };
    const time = Date.now();
    try {
      await this.#store.transaction(async () => {
        await this.#store.save(live, before);
        await alongside();
        await this.#store.turnPeriod(deployment.name, revision.revision, time);
        await this.#audit.record({
          resource: { type: 'deployment', id: deployment.name, digest: revision.digest },
          details: {
            revision: revision.revision,
            model_version: `${revision.modelName}/${revision.modelVersion}`,
            ...details,
          },
        });
      });
    } catch (error) {
      if (!this.#serves(deployment.name, revision.revision))
        await this.#inference.unload(deployment.name, String(revision.revision));
      throw error;
    }
    await this.#serve(deployment.team, revision);
    return live;
  }

  #serves(name: string, revision: number): boolean {
    return this.#serving.get(name)?.revisions.has(String(revision)) ?? false;
  }

  /** Requests go to the revision from now on; others are freed when their requests have finished. */
  async #serve(team: string, revision: Revision): Promise<void> {
    const { deployment: name } = revision;
    const version = String(revision.revision);
    this.#inference.serve(name, version);
    const before = this.#serving.get(name)?.revisions.keys() ?? [];
    this.#serving.set(name, { team, revisions: new Map([[version, revision]]) });
    for (const old of before) if (old !== version) await this.#inference.unload(name, old);
  }

  /** Changes of one deployment happen one after another. */
  #inTurn<T>(name: string, body: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(name) ?? Promise.resolve();
    const mine = before.then(body, body);
    const settled = mine.catch(() => {});
    this.#turns.set(name, settled);
    void settled.then(() => {
      if (this.#turns.get(name) === settled) this.#turns.delete(name);
    });
    return mine;
  }
}

const OWN_CODES = new Set(['DIGEST_MISMATCH', 'STORAGE_FULL', 'NOT_FOUND', 'INVALID_STATE', 'DATABASE_UNAVAILABLE']);

/** Why a revision did not become ready, and what answers now. */
function asFailure(draft: Revision, deployment: Deployment, error: PlatformError): PlatformError {
  const { liveRevision } = deployment;
  const now = liveRevision === null ? 'nothing is served' : `revision ${liveRevision} goes on serving`;
  const message = `Revision ${draft.revision} of '${draft.deployment}' did not become ready, ${now}: ${error.message}`;
  return new PlatformError(OWN_CODES.has(error.code) ? error.code : 'DEPLOYMENT_FAILED', message, {
    cause: error,
    ...(error.internal === undefined ? {} : { internal: error.internal }),
    data: { revision: draft.revision, reason: error.code },
  });
}
