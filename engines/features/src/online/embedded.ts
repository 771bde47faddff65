import type { Database } from '@mlops/database';
import { type Kysely, sql } from 'kysely';
import { decodeRow, encodeRow } from './row-codec.ts';
import type { OnlineTables } from './schema.ts';
import type { OnlineStore, StoredView, ViewFeatures, WrittenRow } from './store.ts';

/** Keys that one query asks for: SQLite allows some 32,000 parameters, PostgreSQL 65,535. */
const KEYS_IN_QUERY = 500;
const ROWS_IN_TRANSACTION = 1000;

/** The online store in the database that the program has anyway: SQLite in its data folder, or PostgreSQL. */
export class EmbeddedStore implements OnlineStore {
  readonly #database: Database<OnlineTables>;

  /** @param database migrated by `onlineSchema`; whoever opened it closes it */
  constructor(database: Database<OnlineTables>) {
    this.#database = database;
  }

  async read(project: string, keys: readonly Buffer[], views: readonly ViewFeatures[]): Promise<StoredView[]> {
    const texts = keys.map((key) => key.toString('hex'));
    const names = [...new Set(views.map(({ view }) => view))];
    const rows = new Map<string, { event_seconds: number; event_nanos: number; feature_values: Uint8Array }>();
    for (let from = 0; from < texts.length; from += KEYS_IN_QUERY) {
      const found = await this.#database.query
        .selectFrom('feature_rows')
        .select(['view', 'entity_key', 'event_seconds', 'event_nanos', 'feature_values'])
        .where('project', '=', project)
        .where('view', 'in', names)
        .where('entity_key', 'in', texts.slice(from, from + KEYS_IN_QUERY))
        .execute();
      for (const row of found) rows.set(`${row.entity_key}${row.view}`, row);
    }
    return views.map(({ view, features }) => {
      const found = texts.map((text) => rows.get(`${text}${view}`));
      const decoded = found.map((row) => row && decodeRow(row.feature_values));
      return {
        events: found.map((row) => row && { seconds: row.event_seconds, nanos: row.event_nanos }),
        values: features.map((feature) => decoded.map((values) => values?.get(feature))),
      };
    });
  }

  async write(project: string, view: ViewFeatures, rows: readonly WrittenRow[]): Promise<number> {
    let written = 0;
    for (let from = 0; from < rows.length; from += ROWS_IN_TRANSACTION) {
      const part = rows.slice(from, from + ROWS_IN_TRANSACTION);
      written += await this.#database.write(async (tx) => {
        const statement = upsert(tx).compile();
        const results = await this.#database.batch(
          part.map(({ key, values, event }) => ({
            compile: () => ({
              ...statement,
              parameters: [
                project,
                view.view,
                key.toString('hex'),
                event.seconds,
                event.nanos,
                encodeRow(view.features, values),
              ],
            }),
          })),
        );
        return results.reduce((sum, { numAffectedRows = 0n }) => sum + Number(numAffectedRows), 0);
      });
    }
    return written;
  }

  async erase(project: string, key: Buffer, views: readonly ViewFeatures[]): Promise<string[]> {
    const removed = await this.#database.write((tx) =>
      tx
        .deleteFrom('feature_rows')
        .where('project', '=', project)
        .where('entity_key', '=', key.toString('hex'))
        .where(
          'view',
          'in',
          views.map(({ view }) => view),
        )
        .returning('view')
        .execute(),
    );
    return removed.map(({ view }) => view);
  }

  async ping(): Promise<void> {
    await sql`select 1`.execute(this.#database.query);
  }

  async close(): Promise<void> {}
}

/** The row with the later event stays. Made into SQL once for many rows: their values are the parameters, in this order. */
function upsert(tx: Kysely<OnlineTables>) {
  const [text, number, bytes] = ['', 0, new Uint8Array()];
  return tx
    .insertInto('feature_rows')
    .values({
      project: text,
      view: text,
      entity_key: text,
      event_seconds: number,
      event_nanos: number,
      feature_values: bytes,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['project', 'view', 'entity_key'])
        .doUpdateSet((row) => ({
          event_seconds: row.ref('excluded.event_seconds'),
          event_nanos: row.ref('excluded.event_nanos'),
          feature_values: row.ref('excluded.feature_values'),
        }))
        .where(
          sql<boolean>`(excluded.event_seconds, excluded.event_nanos) > (feature_rows.event_seconds, feature_rows.event_nanos)`,
        ),
    );
}
