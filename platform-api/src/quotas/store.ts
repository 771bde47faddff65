import { columnTypes, type Database, type SchemaStep } from '@mlops/database';
import { sql } from 'kysely';

interface QuotaTables {
  quotas: { team: string; resource: string; limit_value: number };
}

const DEFAULT_DEPLOYMENTS = 50;

export const quotaSchema: Readonly<Record<string, SchemaStep>> = {
  '0002_quotas': async (db, dialect) => {
    const types = columnTypes(dialect);
    await db.schema
      .createTable('quotas')
      .addColumn('team', sql.raw(types.text) as never, (c) => c.notNull())
      .addColumn('resource', sql.raw(types.text) as never, (c) => c.notNull())
      .addColumn('limit_value', sql.raw(types.integer) as never, (c) => c.notNull())
      .addPrimaryKeyConstraint('quotas_key', ['team', 'resource'] as never[])
      .execute();
    await sql`insert into quotas (team, resource, limit_value) values ('default', 'deployments', ${DEFAULT_DEPLOYMENTS})`.execute(
      db,
    );
  },
};

export class QuotaStore {
  readonly #database: Database<QuotaTables>;

  constructor(database: Database<unknown>) {
    this.#database = database.as<QuotaTables>();
  }

  /** In a transaction: the limit, which nobody else reads so until the transaction ends. */
  async lockLimit(team: string, resource: string): Promise<number | undefined> {
    const select = this.#database.query
      .selectFrom('quotas')
      .select('limit_value')
      .where('team', '=', team)
      .where('resource', '=', resource);
    const row = await (this.#database.dialect === 'postgres' ? select.forUpdate() : select).executeTakeFirst();
    return row?.limit_value;
  }

  /** See `Database.onCommit`. */
  onCommit(action: () => void): void {
    this.#database.onCommit(action);
  }

  /** A team's limits by what they limit. */
  async list(team: string): Promise<Map<string, number>> {
    const rows = await this.#database.query.selectFrom('quotas').selectAll().where('team', '=', team).execute();
    return new Map(rows.map((row) => [row.resource, row.limit_value]));
  }

  async set(team: string, resource: string, limit: number): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .insertInto('quotas')
        .values({ team, resource, limit_value: limit })
        .onConflict((conflict) => conflict.columns(['team', 'resource']).doUpdateSet({ limit_value: limit }))
        .execute(),
    );
  }
}
