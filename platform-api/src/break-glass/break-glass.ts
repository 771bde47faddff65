import { PlatformError } from '@mlops/errors';
import { noTeam } from '@mlops/operations';
import { Believed, type Principal } from '../access/index.ts';
import type { BreakGlassRow, BreakGlassStore } from './store.ts';

export interface BreakGlassParts {
  readonly store: BreakGlassStore;
  /** Whether there is an open team of the name. */
  readonly isTeam: (name: string) => Promise<boolean>;
  /** Tells both sides. */
  readonly notify: (event: 'opened' | 'ended', row: BreakGlassRow) => void;
}

/** Entering a team that is not one's own, in an emergency: for a time, with a reason, told to both sides, reviewed after. */
export class BreakGlass {
  readonly #parts: BreakGlassParts;
  readonly #believed = new Believed<readonly string[]>();

  constructor(parts: BreakGlassParts) {
    this.#parts = parts;
  }

  /** @throws NOT_FOUND; INVALID_STATE to programs and tokens; PERMISSION_DENIED from a team that was itself entered so */
  async open(who: Principal, team: string, reason: string, minutes: number): Promise<BreakGlassRow> {
    const { id: principal, team: own_team } = who;
    const { store, isTeam, notify } = this.#parts;
    await this.#refuseOthers(who, team);
    if (!(await isTeam(team))) throw noTeam(team);
    const started_at = Date.now();
    const row = {
      id: crypto.randomUUID(),
      team,
      principal,
      own_team,
      reason,
      started_at,
      ends_at: started_at + minutes * 60_000,
      reviewed_at: null,
      reviewed_by: null,
      review: null,
    };
    await store.add(row);
    store.onCommit(() => {
      this.#believed.forget(principal);
      notify('opened', row);
    });
    return row;
  }

  /** Teams that somebody has entered so. Asked at each request of people. */
  teamsOf(principal: string): Promise<readonly string[]> {
    return this.#believed.get(principal, () => this.#parts.store.openTeams(principal, Date.now()));
  }

  /** What concerns one's team; platform administrators see all. */
  list({ team, roles }: Principal, filter: { unreviewed: boolean }, limit: number): Promise<BreakGlassRow[]> {
    return this.#parts.store.list(roles.includes('platform-admin') ? undefined : team, filter, limit);
  }

  /** Before its time: by who opened it, or by the team that was entered. @throws NOT_FOUND */
  async end(principal: Principal, id: string): Promise<BreakGlassRow> {
    const row = await this.#concerning(principal, id);
    const ended = { ...row, ends_at: Math.min(row.ends_at, Date.now()) };
    await this.#parts.store.change(id, { ends_at: ended.ends_at });
    this.#parts.store.onCommit(() => {
      this.#believed.forget(row.principal);
      this.#parts.notify('ended', ended);
    });
    return ended;
  }

  /** @throws NOT_FOUND; PERMISSION_DENIED to who opened it, and to those whose team was not entered */
  async review(principal: Principal, id: string, review: string): Promise<BreakGlassRow> {
    const row = await this.#concerning(principal, id);
    const isTheirs = row.team === principal.team || principal.roles.includes('platform-admin');
    if (row.principal === principal.id || !isTheirs) {
      const message = 'Whoever entered does not review it, but the team that was entered, or a platform administrator.';
      throw new PlatformError('PERMISSION_DENIED', message);
    }
    const reviewed = { reviewed_at: Date.now(), reviewed_by: principal.id, review };
    await this.#parts.store.change(id, reviewed);
    return { ...row, ...reviewed };
  }

  /** A person who has signed in, from a team of their own, into another one. @throws INVALID_STATE, PERMISSION_DENIED, INVALID_PARAMETER */
  async #refuseOthers({ type, id, team: own, signIn }: Principal, team: string): Promise<void> {
    const isToken = signIn !== undefined && signIn.lapsed === undefined;
    if (type !== 'user' || isToken) {
      const message = 'Another team is entered by people who have signed in through a provider, not with a token.';
      throw new PlatformError('INVALID_STATE', message);
    }
    if ((await this.#parts.store.openTeams(id, Date.now())).includes(own)) {
      const message = `You are in the team '${own}' by an emergency: act for your own team (--team).`;
      throw new PlatformError('PERMISSION_DENIED', message);
    }
    if (team === own) throw new PlatformError('INVALID_PARAMETER', `'${team}' is your own team.`, { field: 'team' });
  }

  async #concerning({ team, roles }: Principal, id: string): Promise<BreakGlassRow> {
    const row = await this.#parts.store.find(id);
    const concerns = row && (row.team === team || row.own_team === team || roles.includes('platform-admin'));
    if (concerns) return row;
    throw new PlatformError('NOT_FOUND', `There is no emergency access '${id.slice(0, 100)}'.`, { field: 'id' });
  }
}
