import type { Database } from '@mlops/database';
import type { Selectable } from 'kysely';
import type { SessionTables } from './schema.ts';

export type SessionRow = Selectable<SessionTables['sessions']>;

export class SessionStore {
  readonly #database: Database<SessionTables>;

  constructor(database: Database<unknown>) {
    this.#database = database.as<SessionTables>();
  }

  async add(row: SessionRow): Promise<void> {
    await this.#database.write((tx) => tx.insertInto('sessions').values(row).execute());
  }

  find(id: string): Promise<SessionRow | undefined> {
    return this.#database.query.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** One that waits to be let in. */
  findWaiting(userCode: string, now: number): Promise<SessionRow | undefined> {
    return this.#waiting(now).selectAll().where('user_code', '=', userCode).executeTakeFirst();
  }

  async countWaiting(now: number): Promise<number> {
    const { n } = await this.#waiting(now)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    return n;
  }

  /** Of somebody, those that have not ended, newest first. */
  async list(principal: string, now: number): Promise<SessionRow[]> {
    return this.#database.query
      .selectFrom('sessions')
      .selectAll()
      .where('principal', '=', principal)
      .where('ended_at', 'is', null)
      .where('expires_at', '>', now)
      .orderBy('started_at', 'desc')
      .execute();
  }

  async change(id: string, changes: Partial<SessionRow>): Promise<void> {
    await this.#database.write((tx) => tx.updateTable('sessions').set(changes).where('id', '=', id).execute());
  }

  /** Forgets those that ended before a time. */
  async forget(before: number): Promise<void> {
    await this.#database.write((tx) => tx.deleteFrom('sessions').where('expires_at', '<', before).execute());
  }

  transaction<T>(body: () => Promise<T>): Promise<T> {
    return this.#database.write(body);
  }

  #waiting(now: number) {
    return this.#database.query
      .selectFrom('sessions')
      .where('person', 'is', null)
      .where('ended_at', 'is', null)
      .where('expires_at', '>', now);
  }
}
