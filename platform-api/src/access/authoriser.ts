import { PlatformError } from '@mlops/errors';
import { type AccessQuestion, builtInPolicies, type PolicyFile, PolicySet, policiesIn } from './policy-set.ts';

const DECISIONS_KEPT = 10_000;
/** How long what is kept is believed: policies that one process replaces hold in all within this time. */
const BELIEVED_MILLISECONDS = 500;

/** Policies that can change while the platform runs. */
export interface KeptPolicies {
  /** Grows with every change. */
  version(): Promise<number>;
  all(): Promise<readonly PolicyFile[]>;
}

/** Decides by Cedar policies: the built-in ones, those of a folder, and those that are kept in the database. */
export class Authoriser {
  /** Policies that are fixed for a process. */
  readonly fixed: readonly PolicyFile[];
  #kept: KeptPolicies | undefined;
  #version = -1;
  #believedUntil = Number.POSITIVE_INFINITY;
  #following: Promise<void> | undefined;
  #slot = 0;
  #onError: (error: unknown) => void = () => {};
  #policies: PolicySet;
  /** A decision stays true while the policies do; asking Cedar anew costs a prediction's whole budget. */
  readonly #decided = new Map<string, { readonly allowed: boolean; readonly question: AccessQuestion }>();

  /** @throws INVALID_PARAMETER for a policy that cannot be read or does not fit the schema, naming its file */
  constructor(folder?: string) {
    this.fixed = [...builtInPolicies(), ...(folder === undefined ? [] : policiesIn(folder))];
    this.#policies = new PolicySet('policies 0', this.fixed);
  }

  /** From now on these decide as well, and what becomes of them. @param onError told of what keeps changes from being taken */
  async follow(kept: KeptPolicies, onError: (error: unknown) => void): Promise<void> {
    this.#kept = kept;
    this.#onError = onError;
    await this.renew();
  }

  /** Takes what is kept now. @throws where it cannot be read: then what was known before decides */
  async renew(): Promise<void> {
    if (!this.#kept) return;
    this.#believedUntil = Date.now() + BELIEVED_MILLISECONDS;
    const version = await this.#kept.version();
    if (version === this.#version) return;
    const files = [...this.fixed, ...(await this.#kept.all())];
    const slot = 1 - this.#slot;
    this.#policies = new PolicySet(`policies ${slot}`, files);
    this.#slot = slot;
    this.#version = version;
    this.#decided.clear();
  }

  /** Takes what is kept now without anybody waiting for it. */
  renewSoon(): void {
    void this.#renewOnce();
  }

  /** @throws PERMISSION_DENIED */
  async authorise(question: AccessQuestion): Promise<void> {
    if (Date.now() >= this.#believedUntil) await this.#renewOnce();
    const { principal, action, resource, owner, operation } = question;
    const key = `${principal.type}\n${principal.id}\n${principal.team}\n${principal.roles.join(',')}\n${owner}\n${action}\n${resource.type}\n${resource.id}\n${operation}`;
    let allowed = this.#decided.get(key)?.allowed;
    if (allowed === undefined) {
      allowed = this.#policies.isAllowed(question);
      if (this.#decided.size >= DECISIONS_KEPT) this.#decided.clear();
      this.#decided.set(key, { allowed, question });
    }
    if (!allowed) {
      throw new PlatformError(
        'PERMISSION_DENIED',
        `${principal.id} of team ${principal.team} may not ${action} the ${resource.type} '${resource.id}' (${operation}).`,
      );
    }
  }

  /** See `PolicySet.explain`. */
  explain(question: AccessQuestion): ReturnType<PolicySet['explain']> {
    return this.#policies.explain(question);
  }

  /** What was asked lately, as far as it is remembered. */
  asked(): AccessQuestion[] {
    return [...this.#decided.values()].map(({ question }) => question);
  }

  /** Whoever cannot read what is kept cannot have changed it either: what is known goes on to decide. */
  #renewOnce(): Promise<void> {
    this.#following ??= this.renew()
      .catch((error: unknown) => this.#onError(error))
      .finally(() => {
        this.#following = undefined;
      });
    return this.#following;
  }
}
