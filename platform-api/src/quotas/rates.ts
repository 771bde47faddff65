import { PlatformError } from '@mlops/errors';

/** What a team may do so often in a second, in each process. */
export const rateResources = ['requests-per-second', 'predictions-per-second'] as const;
export type RateResource = (typeof rateResources)[number];

const REMEMBERED_MAX = 20_000;

/** A second's worth at most is saved up. */
interface Bucket {
  left: number;
  /** By performance.now(). */
  since: number;
}

/** Buckets of tokens, one for each team and resource. */
export class Rates {
  readonly #buckets = new Map<string, Bucket>();

  /** @throws RATE_LIMITED that says when to come again */
  take(team: string, resource: RateResource, limit: number): void {
    const bucket = this.#bucket(team, resource, limit);
    if (bucket.left >= 1) {
      bucket.left -= 1;
      return;
    }
    const retry_after_seconds = limit === 0 ? 60 : Math.max(1, Math.ceil((1 - bucket.left) / limit));
    throw new PlatformError(
      'RATE_LIMITED',
      `Team ${team} may make ${limit} ${resource.replaceAll('-', ' ')} in each process; come again in ${retry_after_seconds} s, or ask a platform administrator to raise the quota ${resource}.`,
      { data: { resource, used: limit, requested: 1, limit, retry_after_seconds } },
    );
  }

  /** How much of the last second's is used. */
  used(team: string, resource: RateResource, limit: number): number {
    return Math.min(limit, Math.ceil(limit - this.#bucket(team, resource, limit).left));
  }

  #bucket(team: string, resource: RateResource, limit: number): Bucket {
    const now = performance.now();
    const key = `${resource} ${team}`;
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      if (this.#buckets.size >= REMEMBERED_MAX) this.#buckets.clear();
      bucket = { left: limit, since: now };
      this.#buckets.set(key, bucket);
    }
    bucket.left = Math.min(limit, bucket.left + ((now - bucket.since) / 1000) * limit);
    bucket.since = now;
    return bucket;
  }
}
