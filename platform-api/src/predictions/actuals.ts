import { columnTypes, type Database, type SchemaStep } from '@mlops/database';
import { sql } from 'kysely';

/** Ground truth that arrived later, for one prediction or for all predictions of a key. */
export interface Actual {
  readonly by: 'prediction_id' | 'key';
  readonly reference: string;
  readonly value: unknown;
  /** Milliseconds since 1970. */
  readonly time: number;
}

interface ActualTables {
  actuals: { deployment: string; by_what: string; reference: string; value: string; time: number };
}

export const actualsSchema: Readonly<Record<string, SchemaStep>> = {
  '0004_actuals': async (db, dialect) => {
    const types = columnTypes(dialect);
    const text = sql.raw(types.text) as never;
    await db.schema
      .createTable('actuals')
      .addColumn('deployment', text, (c) => c.notNull())
      .addColumn('by_what', text, (c) => c.notNull())
      .addColumn('reference', text, (c) => c.notNull())
      .addColumn('value', text, (c) => c.notNull())
      .addColumn('time', sql.raw(types.integer) as never, (c) => c.notNull())
      .addPrimaryKeyConstraint('actuals_key', ['deployment', 'by_what', 'reference'] as never[])
      .execute();
  },
};

export class ActualsStore {
  readonly #database: Database<ActualTables>;

  constructor(database: Database<unknown>) {
    this.#database = database.as<ActualTables>();
  }

  /** A later truth for the same reference replaces the earlier one. */
  async attach(deployment: string, actuals: readonly Actual[]): Promise<void> {
    const latest = new Map(actuals.map((actual) => [`${actual.by}\n${actual.reference}`, actual]));
    const rows = [...latest.values()].map(({ by, reference, value, time }) => ({
      deployment,
      by_what: by,
      reference,
      value: JSON.stringify(value),
      time,
    }));
    await this.#database.write((tx) =>
      tx
        .insertInto('actuals')
        .values(rows)
        .onConflict((conflict) =>
          conflict
            .columns(['deployment', 'by_what', 'reference'])
            .doUpdateSet((eb) => ({ value: eb.ref('excluded.value'), time: eb.ref('excluded.time') })),
        )
        .execute(),
    );
  }

  /** The truths of predictions by their id and by their key. */
  async find(deployment: string, ids: readonly string[], keys: readonly string[]): Promise<Actual[]> {
    const query = this.#database.query.selectFrom('actuals').selectAll().where('deployment', '=', deployment);
    const ofIds = query.where('by_what', '=', 'prediction_id').where('reference', 'in', ids.length > 0 ? ids : ['']);
    const ofKeys = query.where('by_what', '=', 'key').where('reference', 'in', keys.length > 0 ? keys : ['']);
    const rows = (await Promise.all([ofIds.execute(), ofKeys.execute()])).flat();
    return rows.map((row) => ({
      by: row.by_what as Actual['by'],
      reference: row.reference,
      value: JSON.parse(row.value) as unknown,
      time: row.time,
    }));
  }
}
