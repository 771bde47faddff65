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

/** What this process serves: the traffic of deployments, brought to the target. Changes of one deployment take turns. */
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
  inTurn<T>(name: string, body: () => Promise<T>): Promise<T> {
    return this.#turns.take(name, body);
  }

  get names(): readonly string[] {
    return [...this.#live.keys()];
  }

  /** In turn: lets requests be answered so; the revisions are verified. */
  async route(name: string, team: string, revisions: readonly Revision[], traffic: readonly TrafficShare[]) {
    const before = this.#live.get(name);
    const byVersion = new Map(revisions.map((revision) => [String(revision.revision), revision]));
    // Until the last request to the old ones has ended, old and new ones answer: the log asks for both.
    this.#live.set(name, { team, revisions: new Map([...(before?.revisions ?? []), ...byVersion]) });
    try {
      await this.#target.route(name, traffic);
    } catch (error) {
      if (before) this.#live.set(name, before);
      else this.#live.delete(name);
      throw error;
    }
    this.#live.set(name, { team, revisions: byVersion });
    this.#failures.delete(name);
    this.#announced.delete(name);
    this.#target.announce(name, undefined);
  }

  /** In turn. What is still being answered is logged: the deployment is known until its last request has ended. */
  async drop(name: string): Promise<void> {
    this.#failures.delete(name);
    this.#announced.delete(name);
    this.#target.announce(name, undefined);
    await this.#target.remove(name);
    this.#live.delete(name);
  }

  /** What should be served and cannot be, and why. */
  fail(name: string, reason: string): void {
    this.#failures.set(name, reason);
    this.#target.announce(name, reason);
  }

  /** It is served after all: what failed was to ask. */
  recover(name: string): void {
    if (this.#failures.delete(name)) this.#target.announce(name, undefined);
  }

  /** There is a deployment of which no revision has become ready: that is no failure of this process. */
  announce(name: string, reason: string): void {
    this.#announced.add(name);
    this.#target.announce(name, reason);
  }

  isAnnounced(name: string): boolean {
    return this.#announced.has(name);
  }

  get failures(): ReadonlyMap<string, string> {
    return this.#failures;
  }

  serves(name: string, traffic: readonly TrafficShare[]): boolean {
    const live = this.#live.get(name);
    return (
      live?.revisions.size === traffic.length && traffic.every(({ revision }) => live.revisions.has(String(revision)))
    );
  }

  isReady(name: string): boolean {
    return this.#target.observe(name).ready;
  }

  /** Undefined for a name that is no deployment here. */
  served(name: string, version: string | undefined): ServedRevision | undefined {
    const live = this.#live.get(name);
    if (!live) return undefined;
    const revision = version === undefined ? undefined : live.revisions.get(version);
    return { team: live.team, revision: revision?.revision ?? null, modelVersion: revision?.modelVersion ?? null };
  }
}
