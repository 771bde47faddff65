import { setImmediate } from 'node:timers/promises';
import type { AuditEntry } from '@mlops/audit-chain';
import { Turns } from '@mlops/concurrency';
import { PlatformError } from '@mlops/errors';
import { type Access, DEFAULT_TEAM } from '@mlops/operations';
import { type AccessQuestion, type Authoriser, type PolicyFile, PolicySet, type Role } from '../access/index.ts';
import { currentAct } from '../audit/index.ts';
import type { KeptPolicy, PolicyStore } from './store.ts';

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const TEXTS_MAX = 1024 * 1024;
const DAY_MILLISECONDS = 86_400_000;
/** Entries that a preview looks at, and changes that it shows. */
const JUDGED_MAX = 20_000;
const SHOWN_MAX = 200;
/** Questions that are asked before others have their turn. */
const AT_ONCE = 100;

/** A question that would be answered otherwise. */
interface ChangedDecision {
  readonly question: AccessQuestion;
  readonly before: boolean;
  readonly after: boolean;
  /** How often it was asked, as far as it is known. */
  readonly times: number;
}

export interface Preview {
  /** Questions that differ from each other, and that were asked in the last day. */
  readonly judged: number;
  /** Those that are answered otherwise, the most frequent first, at most 200. */
  readonly changed: readonly ChangedDecision[];
}

export interface PoliciesParts {
  readonly store: PolicyStore;
  readonly authoriser: Authoriser;
  /** Audit entries, newest first. */
  readonly entries: (since: Date, limit: number) => Promise<readonly AuditEntry[]>;
  /** What an operation needs; undefined for one that does not exist any more. */
  readonly accessOf: (operation: string) => Access | undefined;
}

/** Policies that administrators add to the built-in ones while the platform runs. */
export class Policies {
  readonly #parts: PoliciesParts;
  readonly #previews = new Turns();

  constructor(parts: PoliciesParts) {
    this.#parts = parts;
  }

  fixed(): readonly PolicyFile[] {
    return this.#parts.authoriser.fixed;
  }

  kept(): Promise<KeptPolicy[]> {
    return this.#parts.store.all();
  }

  /**
   * Adds or replaces a policy file, here at once and in every process within half a second.
   * @throws INVALID_PARAMETER where it is no policy file, or would keep every administrator from taking it back
   */
  async set(name: string, text: string): Promise<KeptPolicy> {
    if (!NAME.test(name)) throw invalid('name', 'name: up to 63 lower-case letters, digits and dashes.');
    if (this.fixed().some((file) => file.name === name))
      throw invalid('name', `name: '${name}' is a policy file of the platform's own; take another name.`);
    const { store } = this.#parts;
    const policy = { name, text, changedAt: Date.now(), changedBy: currentAct().principal.id };
    return this.#change(async () => {
      await this.#check(policy, await store.all());
      await store.set(policy);
      return policy;
    });
  }

  /** @throws NOT_FOUND */
  async remove(name: string): Promise<KeptPolicy> {
    const { store } = this.#parts;
    return this.#change(async () => {
      const found = (await store.all()).find((policy) => policy.name === name);
      if (!found) throw new PlatformError('NOT_FOUND', `No policy '${name.slice(0, 100)}' was set.`, { field: 'name' });
      await store.remove(name);
      return found;
    });
  }

  /** Which decisions of the last day would be others with this file, in place of the one of its name. @throws as `set` */
  preview(name: string, text: string): Promise<Preview> {
    return this.#previews.take('preview', async () => {
      const { authoriser } = this.#parts;
      const after = await this.#check({ name, text }, await this.kept());
      const questions = await this.#questions();
      const changed: ChangedDecision[] = [];
      for (const [i, { question, times }] of questions.entries()) {
        const [was, is] = [authoriser.explain(question).allowed, after.isAllowed(question)];
        if (was !== is) changed.push({ question, before: was, after: is, times });
        if (i % AT_ONCE === 0) await setImmediate();
      }
      changed.sort((a, b) => b.times - a.times);
      return { judged: questions.length, changed: changed.slice(0, SHOWN_MAX) };
    });
  }

  async #change<T>(change: () => Promise<T>): Promise<T> {
    const { store, authoriser } = this.#parts;
    return store.transaction(async () => {
      await store.hold();
      const changed = await change();
      store.onCommit(() => authoriser.renewSoon());
      return changed;
    });
  }

  /** The policies as they would be. */
  async #check(file: PolicyFile, kept: readonly PolicyFile[]): Promise<PolicySet> {
    const others = kept.filter(({ name }) => name !== file.name);
    const texts = [file, ...others].reduce((sum, { text }) => sum + text.length, 0);
    if (texts > TEXTS_MAX)
      throw invalid('policy', `policy: all policies together have at most ${TEXTS_MAX} characters.`);
    const after = new PolicySet('preview', [...this.fixed(), ...others, file]);
    const administrator = {
      type: 'user',
      id: currentAct().principal.id,
      team: DEFAULT_TEAM,
      roles: ADMINISTRATOR,
    } as const;
    const resource = { type: 'access', id: file.name };
    for (const operation of ['setPolicy', 'removePolicy']) {
      const question = {
        principal: administrator,
        action: 'administer',
        resource,
        owner: DEFAULT_TEAM,
        operation,
      } as const;
      if (!after.isAllowed(question))
        throw invalid('policy', 'policy: with it you could not take it back as a platform administrator any more.');
    }
    return after;
  }

  /** What was asked: by the audit log, which has changes and refusals of all, and by what this process remembers. */
  async #questions(): Promise<{ question: AccessQuestion; times: number }[]> {
    const { entries, authoriser, accessOf } = this.#parts;
    const since = new Date(Date.now() - DAY_MILLISECONDS);
    const logged = (await entries(since, JUDGED_MAX)).flatMap((entry) => questionOf(entry, accessOf));
    const asked = new Map<string, { question: AccessQuestion; times: number }>();
    for (const question of [...logged, ...authoriser.asked()]) {
      if (question.principal.type === 'system' || question.principal.type === 'unknown') continue;
      const { principal, action, resource, operation } = question;
      const { type, id, team, roles } = principal;
      const key = JSON.stringify([type, id, team, roles, action, resource.type, resource.id, operation]);
      const known = asked.get(key);
      if (known) known.times += 1;
      else asked.set(key, { question, times: 1 });
    }
    return [...asked.values()];
  }
}

const ADMINISTRATOR: readonly Role[] = ['platform-admin'];

/** What an entry was decided on; none of one that says too little. */
function questionOf(entry: AuditEntry, accessOf: PoliciesParts['accessOf']): AccessQuestion[] {
  const { actor, action: operation, resource } = entry;
  const action = accessOf(operation);
  if (action === undefined || actor.roles === undefined) return [];
  const team = actor.team ?? entry.team;
  const principal = {
    type: actor.type as AccessQuestion['principal']['type'],
    id: actor.id,
    team,
    roles: actor.roles as readonly Role[],
  };
  return [{ principal, action, resource: { type: resource.type, id: resource.id }, owner: team, operation }];
}

function invalid(field: string, message: string): PlatformError {
  return new PlatformError('INVALID_PARAMETER', message, { field });
}
