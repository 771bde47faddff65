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

  /** @throws NOT_FOUND */
  async open(
    { id: principal, team: own_team }: Principal,
    team: string,
    reason: string,
    minutes: number,
  ): Promise<BreakGlassRow> {
    const { store, isTeam, notify } = this.#parts;
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

  async #concerning({ team, roles }: Principal, id: string): Promise<BreakGlassRow> {
    const row = await this.#parts.store.find(id);
    const concerns = row && (row.team === team || row.own_team === team || roles.includes('platform-admin'));
    if (concerns) return row;
    throw new PlatformError('NOT_FOUND', `There is no emergency access '${id.slice(0, 100)}'.`, { field: 'id' });
  }
}
