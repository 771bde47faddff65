import type { Database } from '@mlops/database';
import type { KeptPolicies } from '../access/index.ts';
import type { PolicyTables } from './schema.ts';

/** A policy file that is kept in the database. */
export interface KeptPolicy {
  readonly name: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
  readonly changedBy: string;
}

export class PolicyStore implements KeptPolicies {
  readonly #database: Database<PolicyTables>;

  constructor(database: Database<unknown>) {
    this.#database = database.as<PolicyTables>();
  }

  async version(): Promise<number> {
    const { version } = await this.#database.query
      .selectFrom('access_policies_version')
      .select('version')
      .executeTakeFirstOrThrow();
    return version;
  }

  /** In a transaction: nobody else changes policies until it ends. */
  async hold(): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .updateTable('access_policies_version')
        .set((eb) => ({ version: eb('version', '+', 1) }))
        .execute(),
    );
  }

  async all(): Promise<KeptPolicy[]> {
    const rows = await this.#database.query.selectFrom('access_policies').selectAll().orderBy('name').execute();
    return rows.map((row) => ({
      name: row.name,
      text: row.policy,
      changedAt: row.changed_at,
      changedBy: row.changed_by,
    }));
  }

  async set({ name, text, changedAt, changedBy }: KeptPolicy): Promise<void> {
    const facts = { policy: text, changed_at: changedAt, changed_by: changedBy };
    await this.#database.write((tx) =>
      tx
        .insertInto('access_policies')
        .values({ name, ...facts })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(facts))
        .execute(),
    );
  }

  async remove(name: string): Promise<void> {
    await this.#database.write((tx) => tx.deleteFrom('access_policies').where('name', '=', name).execute());
  }

  onCommit(action: () => void): void {
    this.#database.onCommit(action);
  }

  transaction<T>(body: () => Promise<T>): Promise<T> {
    return this.#database.write(body);
  }
}
