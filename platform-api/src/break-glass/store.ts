import type { Database } from '@mlops/database';
import type { Selectable } from 'kysely';
import type { BreakGlassTables } from './schema.ts';

export type BreakGlassRow = Selectable<BreakGlassTables['break_glass']>;

export class BreakGlassStore {
  readonly #database: Database<BreakGlassTables>;

  constructor(database: Database<unknown>) {
    this.#database = database.as<BreakGlassTables>();
  }

  async add(row: BreakGlassRow): Promise<void> {
    await this.#database.write((tx) => tx.insertInto('break_glass').values(row).execute());
  }

  find(id: string): Promise<BreakGlassRow | undefined> {
    return this.#database.query.selectFrom('break_glass').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** Teams that somebody may be in at this moment. */
  async openTeams(principal: string, now: number): Promise<string[]> {
    const rows = await this.#database.query
      .selectFrom('break_glass')
      .select('team')
      .where('principal', '=', principal)
      .where('ends_at', '>', now)
      .execute();
    return rows.map(({ team }) => team);
  }

  /** Newest first; of a team, entered or left by its people, or of all. */
  async list(
    team: string | undefined,
    { unreviewed }: { unreviewed: boolean },
    limit: number,
  ): Promise<BreakGlassRow[]> {
    let query = this.#database.query.selectFrom('break_glass').selectAll();
    if (team !== undefined) query = query.where((eb) => eb.or([eb('team', '=', team), eb('own_team', '=', team)]));
    if (unreviewed) query = query.where('reviewed_at', 'is', null);
    return query.orderBy('started_at', 'desc').orderBy('id').limit(limit).execute();
  }

  async change(id: string, changes: Partial<BreakGlassRow>): Promise<void> {
    await this.#database.write((tx) => tx.updateTable('break_glass').set(changes).where('id', '=', id).execute());
  }

  /** See `Database.onCommit`. */
  onCommit(action: () => void): void {
    this.#database.onCommit(action);
  }
}
