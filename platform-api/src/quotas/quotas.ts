import { PlatformError } from '@mlops/errors';
import type { Call } from '@mlops/operations';
import type { Principal } from '../access/index.ts';
import type { QuotaStore } from './store.ts';

/** How much of a thing a team has now. */
export type Usage = (team: string) => Promise<number>;

interface Rule {
  readonly resource: string;
  readonly used: Usage;
}

/** Limits of teams, checked before an operation that would use more. */
export class Quotas {
  readonly #store: QuotaStore;
  readonly #rules = new Map<string, Rule>();

  constructor(store: QuotaStore) {
    this.#store = store;
  }

  /** From now on `operation` needs one more of `resource`. */
  limit(operation: string, resource: string, used: Usage): void {
    this.#rules.set(operation, { resource, used });
  }

  /** @throws QUOTA_EXCEEDED with used, requested and limit */
  async check(principal: Principal, call: Call): Promise<void> {
    const rule = this.#rules.get(call.name);
    if (!rule) return;
    const limit = await this.#store.limit(principal.team, rule.resource);
    if (limit === undefined) return;
    const used = await rule.used(principal.team);
    if (used + 1 > limit) {
      throw new PlatformError(
        'QUOTA_EXCEEDED',
        `Team ${principal.team} uses ${used} of ${limit} ${rule.resource}; one more was requested. Delete one, or have the quota raised.`,
        { data: { resource: rule.resource, used, requested: 1, limit } },
      );
    }
  }

  async list(team: string): Promise<{ resource: string; limit: number; used: number }[]> {
    const quotas = await this.#store.list(team);
    return Promise.all(
      quotas.map(async ({ resource, limit }) => {
        const rule = [...this.#rules.values()].find((each) => each.resource === resource);
        return { resource, limit, used: rule ? await rule.used(team) : 0 };
      }),
    );
  }

  /** @throws NOT_FOUND for a thing that has no quota */
  async set(team: string, resource: string, limit: number): Promise<void> {
    const known = [...new Set([...this.#rules.values()].map((rule) => rule.resource))];
    if (!known.includes(resource)) {
      throw new PlatformError(
        'NOT_FOUND',
        `There is no quota on '${resource}'; there are quotas on ${known.join(', ')}.`,
      );
    }
    await this.#store.set(team, resource, limit);
  }
}
