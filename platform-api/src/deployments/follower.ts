import { type PlatformError, toPlatformError } from '@mlops/errors';
import type { ServingTarget } from '../serving/index.ts';
import type { Revision } from './deployment.ts';
import type { LiveDeployments } from './live.ts';
import type { DeploymentStore } from './store.ts';

export interface FollowerParts {
  readonly store: DeploymentStore;
  readonly target: ServingTarget;
  readonly live: LiveDeployments;
  readonly onError: (key: string, error: PlatformError) => void;
}

const NO_REVISION = 'none of its revisions has become ready.';

/** Brings to this process what the database says is live: at start, and what other processes have decided since. */
export class Follower {
  readonly #parts: FollowerParts;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  /** @returns how many deployments were changed here */
  async follow(): Promise<number> {
    const { store, live } = this.#parts;
    const active = await store.active();
    const keys = new Set([...active.map(({ key }) => key), ...live.keys]);
    const changes = await Promise.all([...keys].map((key) => live.inTurn(key, () => this.#followOne(key))));
    return changes.filter(Boolean).length;
  }

  /** In turn, and by what the database says now: it may have changed while others were followed. */
  async #followOne(key: string): Promise<boolean> {
    const { store, target, live, onError } = this.#parts;
    try {
      const deployment = await store.find(key);
      const traffic = deployment?.deletedAt === null ? await store.traffic(key) : [];
      if (!deployment || traffic.length === 0) {
        const wasServed = live.keys.includes(key);
        if (wasServed || deployment?.deletedAt !== null) await live.drop(key);
        if (deployment?.deletedAt === null && !live.isAnnounced(key)) {
          const [newest] = await store.revisions(key);
          live.announce(key, newest?.error ?? NO_REVISION);
        }
        return wasServed;
      }
      if (live.serves(key, traffic)) {
        live.recover(key);
        return false;
      }
      const revisions: Revision[] = [];
      for (const { revision: number } of traffic) {
        const revision = await store.revision(key, number);
        if (!revision) continue;
        await target.prepare(revision);
        await target.verify(revision);
        revisions.push(revision);
      }
      await live.route(key, deployment.team, revisions, traffic);
      return true;
    } catch (thrown) {
      const error = toPlatformError(thrown);
      // It is tried every two seconds, and told once.
      if (live.failures.get(key) !== error.message) onError(key, error);
      live.fail(key, error.message);
      return false;
    }
  }
}
