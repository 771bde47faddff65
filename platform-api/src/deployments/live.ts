import { Turns } from '@mlops/concurrency';
import type { ServingTarget, TrafficShare } from '../serving/index.ts';
import type { Revision } from './deployment.ts';

/** What the prediction log writes about a request to a deployment. */
export interface ServedRevision {
  readonly team: string;
  readonly revision: number | null;
  readonly modelVersion: string | null;
}

interface Live {
  readonly team: string;
  /** By the version's name at the target. */
  readonly revisions: ReadonlyMap<string, Revision>;
}

/** What this process serves: the traffic of deployments, by their keys, brought to the target. Changes of one take turns. */
export class LiveDeployments {
  readonly #target: ServingTarget;
  readonly #turns = new Turns();
  /** Looked up at every prediction. */
  readonly #live = new Map<string, Live>();
  readonly #failures = new Map<string, string>();
  /** Deployments of which nothing is ready, whose callers are told why. */
  readonly #announced = new Set<string>();

  constructor(target: ServingTarget) {
    this.#target = target;
  }

  /** Runs a change of one deployment after those that were asked for before. */
  inTurn<T>(key: string, body: () => Promise<T>): Promise<T> {
    return this.#turns.take(key, body);
  }

  get keys(): readonly string[] {
    return [...this.#live.keys()];
  }

  /** In turn: lets requests be answered so; the revisions are verified. */
  async route(key: string, team: string, revisions: readonly Revision[], traffic: readonly TrafficShare[]) {
    const before = this.#live.get(key);
    const byVersion = new Map(revisions.map((revision) => [String(revision.revision), revision]));
    // Until the last request to the old ones has ended, old and new ones answer: the log asks for both.
    this.#live.set(key, { team, revisions: new Map([...(before?.revisions ?? []), ...byVersion]) });
    try {
      await this.#target.route(key, traffic);
    } catch (error) {
      if (before) this.#live.set(key, before);
      else this.#live.delete(key);
      throw error;
    }
    this.#live.set(key, { team, revisions: byVersion });
    this.#failures.delete(key);
    this.#announced.delete(key);
    this.#target.announce(key, undefined);
  }

  /** In turn. What is still being answered is logged: the deployment is known until its last request has ended. */
  async drop(key: string): Promise<void> {
    this.#failures.delete(key);
    this.#announced.delete(key);
    this.#target.announce(key, undefined);
    await this.#target.remove(key);
    this.#live.delete(key);
  }

  /** What should be served and cannot be, and why. */
  fail(key: string, reason: string): void {
    this.#failures.set(key, reason);
    this.#target.announce(key, reason);
  }

  /** It is served after all: what failed was to ask. */
  recover(key: string): void {
    if (this.#failures.delete(key)) this.#target.announce(key, undefined);
  }

  /** There is a deployment of which no revision has become ready: that is no failure of this process. */
  announce(key: string, reason: string): void {
    this.#announced.add(key);
    this.#target.announce(key, reason);
  }

  isAnnounced(key: string): boolean {
    return this.#announced.has(key);
  }

  get failures(): ReadonlyMap<string, string> {
    return this.#failures;
  }

  serves(key: string, traffic: readonly TrafficShare[]): boolean {
    const live = this.#live.get(key);
    return (
      live?.revisions.size === traffic.length && traffic.every(({ revision }) => live.revisions.has(String(revision)))
    );
  }

  isReady(key: string): boolean {
    return this.#target.observe(key).ready;
  }

  /** Undefined for a key that is no deployment here. */
  served(key: string, version: string | undefined): ServedRevision | undefined {
    const live = this.#live.get(key);
    if (!live) return undefined;
    const revision = version === undefined ? undefined : live.revisions.get(version);
    return { team: live.team, revision: revision?.revision ?? null, modelVersion: revision?.modelVersion ?? null };
  }
}
