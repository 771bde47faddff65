import { PlatformError } from '@mlops/errors';
import type { QuotaStore } from './store.ts';

/** What there are quotas on. */
export const quotaResources = ['deployments'] as const;
export type QuotaResource = (typeof quotaResources)[number];

const OF_SIZE = { S: { deployments: 10 }, M: { deployments: 50 }, L: { deployments: 200 } } as const;

/** How much of a thing a team has now. */
export type Usage = (team: string) => Promise<number>;

/** Limits of teams. */
export class Quotas {
  readonly #store: QuotaStore;
  readonly #usage = new Map<QuotaResource, Usage>();

  constructor(store: QuotaStore) {
    this.#store = store;
  }

  /** From now on `used` tells how much of `resource` a team has; inside of a transaction, as it will be after that. */
  measure(resource: QuotaResource, used: Usage): void {
    this.#usage.set(resource, used);
  }

  /**
   * Reserves one more of `resource`: in the transaction that adds it, before it is added; two that reserve at once wait
   * for each other. @throws QUOTA_EXCEEDED with used, requested and limit
   */
  async reserve(team: string, resource: QuotaResource): Promise<void> {
    const limit = await this.#store.lockLimit(team, resource);
    if (limit === undefined) return;
    const used = await this.#used(team, resource);
    if (used + 1 > limit) {
      throw new PlatformError(
        'QUOTA_EXCEEDED',
        `Team ${team} uses ${used} of ${limit} ${resource}; one more was requested. Delete one, or have the quota raised.`,
        { data: { resource, used, requested: 1, limit } },
      );
    }
  }

  async list(team: string): Promise<{ resource: QuotaResource; limit: number; used: number }[]> {
    const limits = await this.#store.list(team);
    const known = quotaResources.filter((resource) => limits.has(resource));
    return Promise.all(
      known.map(async (resource) => ({
        resource,
        limit: limits.get(resource) ?? 0,
        used: await this.#used(team, resource),
      })),
    );
  }

  /** The limits of a new team. */
  async provide(team: string, size: keyof typeof OF_SIZE): Promise<void> {
    for (const resource of quotaResources) await this.#store.set(team, resource, OF_SIZE[size][resource]);
  }

  async set(team: string, resource: QuotaResource, limit: number): Promise<number> {
    await this.#store.set(team, resource, limit);
    return this.#used(team, resource);
  }

  async #used(team: string, resource: QuotaResource): Promise<number> {
    return (await this.#usage.get(resource)?.(team)) ?? 0;
  }
}
