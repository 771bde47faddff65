import { columnTypes, type Database, type SchemaStep } from '@mlops/database';
import type { ResourceRef } from '@mlops/operations';
import { sql } from 'kysely';

interface OwnerTables {
  resource_owners: { type: string; id: string; team: string };
}

export const ownerSchema: Readonly<Record<string, SchemaStep>> = {
  '0005_owners': async (db, dialect) => {
    const text = sql.raw(columnTypes(dialect).text) as never;
    await db.schema
      .createTable('resource_owners')
      .addColumn('type', text, (c) => c.notNull())
      .addColumn('id', text, (c) => c.notNull())
      .addColumn('team', text, (c) => c.notNull())
      .addPrimaryKeyConstraint('resource_owners_key', ['type', 'id'] as never[])
      .execute();
  },
};

/** Which team has claimed which thing. */
export class OwnerStore {
  readonly #database: Database<OwnerTables>;

  constructor(database: Database<unknown>) {
    this.#database = database.as<OwnerTables>();
  }

  async teamOf({ type, id }: ResourceRef): Promise<string | undefined> {
    const row = await this.#database.query
      .selectFrom('resource_owners')
      .select('team')
      .where('type', '=', type)
      .where('id', '=', id)
      .executeTakeFirst();
    return row?.team;
  }

  /** Joins the surrounding transaction. */
  async claim({ type, id }: ResourceRef, team: string): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .insertInto('resource_owners')
        .values({ type, id, team })
        .onConflict((conflict) => conflict.columns(['type', 'id']).doUpdateSet({ team }))
        .execute(),
    );
  }
}
