import { PlatformError, toPlatformError } from '@mlops/errors';
import type { ModelVersion, TrackingEngine, TrackingWorkspace } from '@mlops/tracking';
import { type Audit, currentAct } from '../audit/index.ts';
import type { Quotas } from '../quotas/index.ts';
import type { ServingTarget } from '../serving/index.ts';
import { deploymentKey, partsOf } from '../teams/index.ts';
import {
  allTo,
  checkDeploymentName,
  type Deployment,
  type DeploymentOptions,
  draftRevision,
  previousRevision,
  type Revision,
} from './deployment.ts';
import { type Gate, refused } from './gates.ts';
import type { LiveDeployments } from './live.ts';
import { findModelVersion } from './model-version.ts';
import type { DeploymentStore } from './store.ts';

/** What a caller wants to be served. */
export interface DeploymentRequest {
  readonly model: string;
  readonly options?: DeploymentOptions | undefined;
}

export interface DeploymentsParts {
  readonly store: DeploymentStore;
  readonly tracking: TrackingEngine;
  readonly target: ServingTarget;
  readonly live: LiveDeployments;
  readonly gates: readonly Gate[];
  readonly quotas: Quotas;
  readonly audit: Audit;
  /** @throws INVALID_PARAMETER where the team has no such feature service */
  readonly checkFeatures: (team: string, service: string) => Promise<void>;
}

/**
 * Brings model versions into service. A new revision has been judged by the gates, is loaded and has answered its golden
 * request before anyone sees it; until then, and if it fails, the one before it answers.
 */
export class Deployments {
  readonly #parts: DeploymentsParts;

  constructor(parts: DeploymentsParts) {
    this.#parts = parts;
  }

  /** @throws CONFLICT if it exists, NOT_FOUND, DIGEST_MISMATCH, GATE_REFUSED, QUOTA_EXCEEDED, DEPLOYMENT_FAILED */
  create(name: string, request: DeploymentRequest): Promise<Deployment> {
    checkDeploymentName(name);
    const key = this.key(name);
    return this.#parts.live.inTurn(key, async () => {
      const existing = await this.#parts.store.find(key);
      if (existing && existing.deletedAt === null && existing.liveRevision !== null) {
        throw new PlatformError('CONFLICT', `Deployment '${name}' exists. PUT changes its model; DELETE removes it.`, {
          field: 'name',
        });
      }
      return this.#rollOut(key, existing, request);
    });
  }

  /** Replaces the live revision by a new one. @throws as create, and NOT_FOUND */
  update(name: string, request: DeploymentRequest): Promise<Deployment> {
    const key = this.key(name);
    return this.#parts.live.inTurn(key, async () => this.#rollOut(key, await this.existing(name), request));
  }

  /** Makes an earlier revision live again; by default the one before. @throws as create, and NOT_FOUND */
  rollback(name: string, wanted?: number): Promise<Deployment> {
    const { store, live } = this.#parts;
    const key = this.key(name);
    return live.inTurn(key, async () => {
      const deployment = await this.existing(name);
      const target = wanted ?? previousRevision(await store.periods(key), deployment.liveRevision ?? Infinity);
      if (target === undefined) throw new PlatformError('CONFLICT', `Deployment '${name}' has no earlier revision.`);
      if (target === deployment.liveRevision)
        throw new PlatformError('CONFLICT', `Revision ${target} of '${name}' is live.`);
      const revision = await store.revision(key, target);
      if (revision?.status !== 'ready') {
        throw new PlatformError('NOT_FOUND', `Deployment '${name}' has no revision ${target} that was ready.`, {
          field: 'revision',
        });
      }
      const model = `models:/${revision.modelName}/${revision.modelVersion}`;
      const version = await findModelVersion(this.#registry(deployment.team), model).catch((error: unknown) => {
        if (toPlatformError(error).code !== 'NOT_FOUND') throw error;
        throw refused(`${revision.modelName}/${revision.modelVersion} is no longer registered`);
      });
      await this.#makeReady(revision, version);
      return this.#goLive({ deployment, before: deployment, revision }, { rolled_back_from: deployment.liveRevision });
    });
  }

  /** Stops serving; its history stays. */
  delete(name: string): Promise<void> {
    const { store, live, audit } = this.#parts;
    const key = this.key(name);
    return live.inTurn(key, async () => {
      const deployment = await this.existing(name);
      const time = Date.now();
      await store.transaction(async () => {
        await store.save({ ...deployment, deletedAt: time, liveRevision: null }, deployment);
        await store.setTraffic(key, []);
        await store.turnPeriod(key, null, time);
        await audit.record();
      });
      await live.drop(key);
    });
  }

  /** The key of what who acts calls so. */
  key(name: string): string {
    return deploymentKey(currentAct().principal.team, name);
  }

  /** @throws NOT_FOUND, also for a deleted one */
  async existing(name: string): Promise<Deployment> {
    const deployment = await this.#parts.store.find(this.key(name));
    if (!deployment || deployment.deletedAt !== null) {
      throw new PlatformError('NOT_FOUND', `There is no deployment '${name}'.`);
    }
    return deployment;
  }

  /** A deployment, also one that is deleted: its log can still be read. @throws NOT_FOUND */
  async known(name: string): Promise<Deployment> {
    const deployment = await this.#parts.store.find(this.key(name));
    if (!deployment) throw new PlatformError('NOT_FOUND', `There never was a deployment '${name}'.`);
    return deployment;
  }

  async #rollOut(key: string, existing: Deployment | undefined, request: DeploymentRequest): Promise<Deployment> {
    const { store, live } = this.#parts;
    const { principal } = currentAct();
    const version = await findModelVersion(this.#registry(principal.team), request.model);
    const now = Date.now();
    const [newest] = await store.revisions(key);
    const { model, options = {} } = request;
    if (options.features !== undefined) await this.#parts.checkFeatures(principal.team, options.features);
    const candidate = { model, modelName: version.name, modelVersion: version.version, options };
    const draft = draftRevision(key, newest?.revision ?? 0, candidate, { createdAt: now, createdBy: principal.id });
    const fresh: Deployment = { key, team: principal.team, createdAt: now, deletedAt: null, liveRevision: null };
    const deployment = existing && existing.deletedAt === null ? existing : fresh;
    // Before the costly steps; what counts is the same question in the change's own transaction.
    await store.transaction(() => this.#reserve(deployment));
    let digest: string;
    try {
      digest = await this.#makeReady(draft, version);
    } catch (thrown) {
      const error = toPlatformError(thrown);
      if (error.code === 'GATE_REFUSED') throw error;
      await store.transaction(async () => {
        await store.save(deployment, existing);
        await store.addRevision({ ...draft, status: 'failed', error: error.message });
      });
      if (deployment.liveRevision === null) live.announce(key, error.message);
      throw asFailure(draft, deployment, error);
    }
    const revision = { ...draft, digest };
    return this.#goLive({ deployment, before: existing, revision }, { model }, () => store.addRevision(revision));
  }

  /** Brings a revision's bytes here, has them judged, loads them and lets them answer the golden request. */
  async #makeReady(revision: Revision, version: ModelVersion): Promise<string> {
    const { target, gates } = this.#parts;
    const { deployment, revision: number } = revision;
    const { digest } = await target.prepare(revision);
    const { principal } = currentAct();
    const judged = { deployment: partsOf(deployment).name, revision: number };
    for (const gate of gates) await gate({ version, digest, principal, target: judged });
    await target.verify({ ...revision, digest });
    return digest;
  }

  async #goLive(
    { deployment, before, revision }: { deployment: Deployment; before: Deployment | undefined; revision: Revision },
    details: Record<string, unknown>,
    alongside: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Deployment> {
    const { store, target, live, audit, tracking } = this.#parts;
    const { key, team } = deployment;
    const { revision: number, modelName, modelVersion, digest } = revision;
    const after = { ...deployment, liveRevision: number };
    const traffic = allTo(number);
    const time = Date.now();
    try {
      await store.transaction(async () => {
        await store.lockModel(team, modelName);
        // It may have been deleted while it was loaded.
        const model = `models:/${modelName}/${modelVersion}`;
        if (tracking.sharesDatabase) await findModelVersion(this.#registry(team), model);
        await this.#reserve(deployment);
        await store.save(after, before);
        await alongside();
        await store.setTraffic(key, traffic);
        await store.turnPeriod(key, number, time);
        const facts = { revision: number, model_version: `${modelName}/${modelVersion}`, ...details };
        await audit.record({ resource: { type: 'deployment', id: partsOf(key).name, digest }, details: facts });
      });
    } catch (error) {
      if (!live.serves(key, traffic)) await target.remove(key, number);
      throw error;
    }
    await live.route(key, team, [revision], traffic);
    return after;
  }

  #registry(team: string): TrackingWorkspace {
    return this.#parts.tracking.workspace(team);
  }

  /** One that serves already uses nothing more. */
  async #reserve({ team, liveRevision }: Deployment): Promise<void> {
    if (liveRevision === null) await this.#parts.quotas.reserve(team, 'deployments');
  }
}

const OWN_CODES = new Set(['DIGEST_MISMATCH', 'STORAGE_FULL', 'NOT_FOUND', 'INVALID_STATE', 'DATABASE_UNAVAILABLE']);

/** Why a revision did not become ready, and what answers now. */
function asFailure(draft: Revision, deployment: Deployment, error: PlatformError): PlatformError {
  const { liveRevision } = deployment;
  const now = liveRevision === null ? 'nothing is served' : `revision ${liveRevision} goes on serving`;
  const message = `Revision ${draft.revision} of '${partsOf(draft.deployment).name}' did not become ready, ${now}: ${error.message}`;
  return new PlatformError(OWN_CODES.has(error.code) ? error.code : 'DEPLOYMENT_FAILED', message, {
    cause: error,
    ...(error.internal === undefined ? {} : { internal: error.internal }),
    data: { revision: draft.revision, reason: error.code },
  });
}
