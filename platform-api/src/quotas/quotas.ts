import { PlatformError } from '@mlops/errors';
import { type RateResource, Rates, rateResources } from './rates.ts';
import type { QuotaStore } from './store.ts';

/** What a team has so many of. */
const countedResources = [
  'experiments',
  'runs',
  'registered-models',
  'storage-bytes',
  'deployments',
  'tokens',
] as const;
export type CountedResource = (typeof countedResources)[number];

/** What there are quotas on. */
export const quotaResources = [...countedResources, ...rateResources] as const;
export type QuotaResource = (typeof quotaResources)[number];

const TERABYTE = 1e12;
/** The limits of new teams. */
const OF_SIZE: Readonly<Record<'S' | 'M' | 'L', Readonly<Record<QuotaResource, number>>>> = {
  S: of(1, { deployments: 10, 'requests-per-second': 500, 'predictions-per-second': 1000 }),
  M: of(5, { deployments: 50, 'requests-per-second': 2000, 'predictions-per-second': 5000 }),
  L: of(20, { deployments: 200, 'requests-per-second': 10_000, 'predictions-per-second': 20_000 }),
};

function of(times: number, rest: Readonly<Record<'deployments' | RateResource, number>>) {
  return {
    experiments: 200 * times,
    runs: 50_000 * times,
    'registered-models': 100 * times,
    'storage-bytes': TERABYTE * times,
    tokens: 200 * times,
    ...rest,
  };
}

/** How long what was counted, and what the limits were, is believed: one process's change holds in all within this time. */
const BELIEVED_MILLISECONDS = 500;
/** This part of what is left is given out without counting again: far from a limit nothing is counted twice. */
const WITHOUT_COUNTING = 0.05;
const WITHOUT_COUNTING_MAX = 1000;
const REMEMBERED_MAX = 20_000;

/** How much of a thing a team has now; undefined where nobody here can know. */
export type Usage = (team: string) => Promise<number | undefined>;

export interface QuotaUse {
  readonly resource: QuotaResource;
  readonly limit: number;
  readonly used: number;
}

/** Limits of teams. */
export class Quotas {
  readonly #store: QuotaStore;
  readonly #usage = new Map<CountedResource, Usage>();
  readonly #rates = new Rates();
  readonly #allowed = new Map<string, { left: number; readonly until: number }>();
  readonly #limits = new Map<string, { readonly of: ReadonlyMap<string, number>; until: number }>();

  constructor(store: QuotaStore) {
    this.#store = store;
  }

  /** From now on `used` tells how much of `resource` a team has; inside of a transaction, as it will be after that. */
  measure(resource: CountedResource, used: Usage): void {
    this.#usage.set(resource, used);
  }

  /**
   * Reserves one more of `resource`: in the transaction that adds it, before it is added; two that reserve the last ones
   * at once wait for each other. @throws QUOTA_EXCEEDED with used, requested and limit
   */
  async reserve(team: string, resource: CountedResource): Promise<void> {
    const key = `${resource} ${team}`;
    const allowed = this.#allowed.get(key);
    if (allowed && allowed.left >= 1 && allowed.until > Date.now()) {
      allowed.left -= 1;
      return;
    }
    const limit = await this.#store.lockLimit(team, resource);
    const used = limit === undefined ? undefined : await this.#used(team, resource);
    if (limit === undefined || used === undefined) return;
    if (used + 1 > limit) throw exceeded(team, { resource, used, limit });
    if (this.#allowed.size >= REMEMBERED_MAX) this.#allowed.clear();
    // How much one more is, nobody knows before it is there.
    const rest = resource === 'storage-bytes' ? 0 : limit - used - 1;
    const left = Math.min(WITHOUT_COUNTING_MAX, Math.floor(rest * WITHOUT_COUNTING));
    this.#allowed.set(key, { left, until: Date.now() + BELIEVED_MILLISECONDS });
  }

  /** Lets a team make one more request, or not yet. @throws RATE_LIMITED */
  async admit(team: string, resource: RateResource): Promise<void> {
    const known = this.#limits.get(team);
    const limits = known && known.until > Date.now() ? known.of : await this.#limitsOf(team);
    const limit = limits.get(resource);
    if (limit !== undefined) this.#rates.take(team, resource, limit);
  }

  /** Those that the team has, and that somebody here can count. */
  async list(team: string): Promise<QuotaUse[]> {
    const limits = await this.#store.list(team);
    const known = quotaResources.filter((resource) => limits.has(resource));
    const all = await Promise.all(known.map((resource) => this.#use(team, resource, limits.get(resource) ?? 0)));
    return all.filter((use) => use !== undefined);
  }

  /** The limits of a new team. */
  async provide(team: string, size: keyof typeof OF_SIZE): Promise<void> {
    for (const resource of quotaResources) await this.#store.set(team, resource, OF_SIZE[size][resource]);
  }

  async set(team: string, resource: QuotaResource, limit: number): Promise<QuotaUse> {
    await this.#store.set(team, resource, limit);
    this.#store.onCommit(() => {
      this.#limits.delete(team);
      this.#allowed.delete(`${resource} ${team}`);
    });
    return (await this.#use(team, resource, limit)) ?? { resource, limit, used: 0 };
  }

  async #use(team: string, resource: QuotaResource, limit: number): Promise<QuotaUse | undefined> {
    const used = isRate(resource) ? this.#rates.used(team, resource, limit) : await this.#used(team, resource);
    return used === undefined ? undefined : { resource, limit, used };
  }

  async #used(team: string, resource: CountedResource): Promise<number | undefined> {
    return this.#usage.get(resource)?.(team);
  }

  /** Whoever cannot be asked for limits lets pass what was let pass before. */
  async #limitsOf(team: string): Promise<ReadonlyMap<string, number>> {
    const known = this.#limits.get(team);
    const until = Date.now() + BELIEVED_MILLISECONDS;
    // Who asks meanwhile need not wait.
    if (known) known.until = until;
    const found = await this.#store.list(team).catch(() => known?.of ?? new Map<string, number>());
    if (this.#limits.size >= REMEMBERED_MAX) this.#limits.clear();
    this.#limits.set(team, { of: found, until });
    return found;
  }
}

function isRate(resource: QuotaResource): resource is RateResource {
  return (rateResources as readonly string[]).includes(resource);
}

function exceeded(team: string, { resource, used, limit }: QuotaUse): PlatformError {
  return new PlatformError(
    'QUOTA_EXCEEDED',
    `Team ${team} uses ${used} of ${limit} ${resource}; one more was requested. Delete one, or ask a platform administrator to raise it: mlops --team ${team} quotas set ${resource} N.`,
    { data: { resource, used, requested: 1, limit } },
  );
}
