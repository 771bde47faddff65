import { PlatformError, toPlatformError } from '@mlops/errors';
import type { ModelVersion, TrackingEngine } from '@mlops/tracking';
import { type Audit, currentAct } from '../audit/index.ts';
import type { Quotas } from '../quotas/index.ts';
import type { ServingTarget } from '../serving/index.ts';
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
    return this.#parts.live.inTurn(name, async () => {
      const existing = await this.#parts.store.find(name);
      if (existing && existing.deletedAt === null && existing.liveRevision !== null) {
        throw new PlatformError('CONFLICT', `Deployment '${name}' exists. PUT changes its model; DELETE removes it.`, {
          field: 'name',
        });
      }
      return this.#rollOut(name, existing, request);
    });
  }

  /** Replaces the live revision by a new one. @throws as create, and NOT_FOUND */
  update(name: string, request: DeploymentRequest): Promise<Deployment> {
    return this.#parts.live.inTurn(name, async () => this.#rollOut(name, await this.existing(name), request));
  }

  /** Makes an earlier revision live again; by default the one before. @throws as create, and NOT_FOUND */
  rollback(name: string, wanted?: number): Promise<Deployment> {
    const { store, live, tracking } = this.#parts;
    return live.inTurn(name, async () => {
      const deployment = await this.existing(name);
      const target = wanted ?? previousRevision(await store.periods(name), deployment.liveRevision ?? Infinity);
      if (target === undefined) throw new PlatformError('CONFLICT', `Deployment '${name}' has no earlier revision.`);
      if (target === deployment.liveRevision)
        throw new PlatformError('CONFLICT', `Revision ${target} of '${name}' is live.`);
      const revision = await store.revision(name, target);
      if (revision?.status !== 'ready') {
        throw new PlatformError('NOT_FOUND', `Deployment '${name}' has no revision ${target} that was ready.`, {
          field: 'revision',
        });
      }
      const model = `models:/${revision.modelName}/${revision.modelVersion}`;
      const version = await findModelVersion(tracking, model).catch((error: unknown) => {
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
    return live.inTurn(name, async () => {
      const deployment = await this.existing(name);
      const time = Date.now();
      await store.transaction(async () => {
        await store.save({ ...deployment, deletedAt: time, liveRevision: null }, deployment);
        await store.setTraffic(name, []);
        await store.turnPeriod(name, null, time);
        await audit.record();
      });
      await live.drop(name);
    });
  }

  /** @throws NOT_FOUND, also for a deleted one */
  async existing(name: string): Promise<Deployment> {
    const deployment = await this.#parts.store.find(name);
    if (!deployment || deployment.deletedAt !== null) {
      throw new PlatformError('NOT_FOUND', `There is no deployment '${name}'.`);
    }
    return deployment;
  }

  /** A deployment, also one that is deleted: its log can still be read. @throws NOT_FOUND */
  async known(name: string): Promise<Deployment> {
    const deployment = await this.#parts.store.find(name);
    if (!deployment) throw new PlatformError('NOT_FOUND', `There never was a deployment '${name}'.`);
    return deployment;
  }

  async #rollOut(name: string, existing: Deployment | undefined, request: DeploymentRequest): Promise<Deployment> {
    const { store, tracking, live } = this.#parts;
    const version = await findModelVersion(tracking, request.model);
    const { principal } = currentAct();
    const now = Date.now();
    const [newest] = await store.revisions(name);
    const { model, options = {} } = request;
    const candidate = { model, modelName: version.name, modelVersion: version.version, options };
    const draft = draftRevision(name, newest?.revision ?? 0, candidate, { createdAt: now, createdBy: principal.id });
    const fresh: Deployment = { name, team: principal.team, createdAt: now, deletedAt: null, liveRevision: null };
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
      if (deployment.liveRevision === null) live.announce(name, error.message);
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
    for (const gate of gates) await gate({ version, digest, principal, target: { deployment, revision: number } });
    await target.verify({ ...revision, digest });
    return digest;
  }

  async #goLive(
    { deployment, before, revision }: { deployment: Deployment; before: Deployment | undefined; revision: Revision },
    details: Record<string, unknown>,
    alongside: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Deployment> {
    const { store, target, live, audit, tracking } = this.#parts;
    const { name, team } = deployment;
    const { revision: number, modelName, modelVersion, digest } = revision;
    const after = { ...deployment, liveRevision: number };
    const traffic = allTo(number);
    const time = Date.now();
    try {
      await store.transaction(async () => {
        await store.lockModel(modelName);
        // It may have been deleted while it was loaded.
        if (tracking.sharesDatabase) await findModelVersion(tracking, `models:/${modelName}/${modelVersion}`);
        await this.#reserve(deployment);
        await store.save(after, before);
        await alongside();
        await store.setTraffic(name, traffic);
        await store.turnPeriod(name, number, time);
        const facts = { revision: number, model_version: `${modelName}/${modelVersion}`, ...details };
        await audit.record({ resource: { type: 'deployment', id: name, digest }, details: facts });
      });
    } catch (error) {
      if (!live.serves(name, traffic)) await target.remove(name, number);
      throw error;
    }
    await live.route(name, team, [revision], traffic);
    return after;
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
  const message = `Revision ${draft.revision} of '${draft.deployment}' did not become ready, ${now}: ${error.message}`;
  return new PlatformError(OWN_CODES.has(error.code) ? error.code : 'DEPLOYMENT_FAILED', message, {
    cause: error,
    ...(error.internal === undefined ? {} : { internal: error.internal }),
    data: { revision: draft.revision, reason: error.code },
  });
}
