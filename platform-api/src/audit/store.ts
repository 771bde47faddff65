import { type AuditEntry, type AuditFacts, GENESIS, seal } from '@mlops/audit-chain';
import { columnTypes, type Database, type DialectName, type SchemaStep } from '@mlops/database';
import { type RawBuilder, sql } from 'kysely';

export interface AuditTables {
  audit_entries: {
    sequence: number;
    time: string;
    team: string;
    actor: string;
    action: string;
    resource_type: string;
    resource_id: string;
    outcome: string;
    request_id: string;
    /** The whole entry as JSON, as it was sealed. */
    entry: string;
  };
  audit_head: { one: number; sequence: number; hash: string };
}

export const auditSchema: Readonly<Record<string, SchemaStep>> = {
  '0001_audit': async (db, dialect) => {
    const types = columnTypes(dialect);
    const text = sql.raw(types.text) as never;
    const integer = sql.raw(types.integer) as never;
    await db.schema
      .createTable('audit_entries')
      .addColumn('sequence', integer, (c) => c.primaryKey())
      .addColumn('time', text, (c) => c.notNull())
      .addColumn('team', text, (c) => c.notNull())
      .addColumn('actor', text, (c) => c.notNull())
      .addColumn('action', text, (c) => c.notNull())
      .addColumn('resource_type', text, (c) => c.notNull())
      .addColumn('resource_id', text, (c) => c.notNull())
      .addColumn('outcome', text, (c) => c.notNull())
      .addColumn('request_id', text, (c) => c.notNull())
      .addColumn('entry', text, (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('audit_by_resource')
      .on('audit_entries')
      .columns(['resource_type', 'resource_id', 'sequence'])
      .execute();
    await db.schema
      .createTable('audit_head')
      .addColumn('one', integer, (c) => c.primaryKey())
      .addColumn('sequence', integer, (c) => c.notNull())
      .addColumn('hash', text, (c) => c.notNull())
      .execute();
    await sql`insert into audit_head (one, sequence, hash) values (1, 0, ${GENESIS})`.execute(db);
    for (const refusal of refusals(dialect)) await refusal.execute(db);
  },
  '0006_audit_no_replace': async (db, dialect) => {
    // SQLite's REPLACE removes a row without a word to the trigger on deletion.
    if (dialect === 'sqlite')
      await sql`create trigger audit_no_replace before insert on audit_entries
        when exists (select 1 from audit_entries where sequence >= new.sequence)
        begin select raise(abort, 'audit entries cannot be replaced'); end`.execute(db);
  },
  '0012_audit_by_team': async (db) => {
    await db.schema.createIndex('audit_by_team').on('audit_entries').columns(['team', 'sequence']).execute();
  },
};

/** The table itself refuses changes: who wants to rewrite history must first alter the schema. */
function refusals(dialect: DialectName): RawBuilder<unknown>[] {
  if (dialect === 'sqlite') {
    return [
      sql`create trigger audit_no_update before update on audit_entries begin select raise(abort, 'audit entries cannot be changed'); end`,
      sql`create trigger audit_no_delete before delete on audit_entries begin select raise(abort, 'audit entries cannot be removed'); end`,
    ];
  }
  return [
    sql`create function audit_refuse() returns trigger language plpgsql as $$ begin raise exception 'audit entries cannot be %', tg_argv[0]; end $$`,
    sql`create trigger audit_no_update before update on audit_entries for each statement execute function audit_refuse('changed')`,
    sql`create trigger audit_no_delete before delete on audit_entries for each statement execute function audit_refuse('removed')`,
    sql`create trigger audit_no_truncate before truncate on audit_entries for each statement execute function audit_refuse('removed')`,
  ];
}

export interface AuditFilter {
  readonly team?: string;
  readonly action?: string;
  readonly actor?: string;
  readonly outcome?: string;
  readonly resource_type?: string;
  readonly resource_id?: string;
  /** Sequence numbers below this one only. */
  readonly before?: number;
}

export class AuditStore {
  readonly #database: Database<AuditTables>;

  constructor(database: Database<unknown>) {
    this.#database = database.as<AuditTables>();
  }

  /** Appends in the surrounding transaction, or in one of its own. Processes that append meet at the head's row. */
  append(facts: AuditFacts): Promise<AuditEntry> {
    return this.#database.write(async (tx) => {
      const select = tx.selectFrom('audit_head').selectAll().where('one', '=', 1);
      const head = await (this.#database.dialect === 'postgres'
        ? select.forUpdate()
        : select
      ).executeTakeFirstOrThrow();
      const entry = seal(facts, head);
      await this.#database.batch([
        tx.insertInto('audit_entries').values({
          sequence: entry.sequence,
          time: entry.time,
          team: entry.team,
          actor: entry.actor.id,
          action: entry.action,
          resource_type: entry.resource.type,
          resource_id: entry.resource.id,
          outcome: entry.outcome,
          request_id: entry.request_id,
          entry: JSON.stringify(entry),
        }),
        tx.updateTable('audit_head').set({ sequence: entry.sequence, hash: entry.hash }).where('one', '=', 1),
      ]);
      return entry;
    });
  }

  /** See `Database.onCommit`. */
  onCommit(action: () => void): void {
    this.#database.onCommit(action);
  }

  /** Newest first. */
  async list(filter: AuditFilter, limit: number): Promise<AuditEntry[]> {
    let query = this.#database.query.selectFrom('audit_entries').select('entry');
    for (const column of ['team', 'action', 'actor', 'outcome', 'resource_type', 'resource_id'] as const) {
      const value = filter[column];
      if (value !== undefined) query = query.where(column, '=', value);
    }
    if (filter.before !== undefined) query = query.where('sequence', '<', filter.before);
    const rows = await query.orderBy('sequence', 'desc').limit(limit).execute();
    return rows.map((row) => JSON.parse(row.entry) as AuditEntry);
  }

  /** All entries in order, as the lines of an export, a page at a time. */
  async *lines(): AsyncGenerator<string> {
    const page = 1000;
    for (let after = 0; ; ) {
      const rows = await this.#database.query
        .selectFrom('audit_entries')
        .select(['sequence', 'entry'])
        .where('sequence', '>', after)
        .orderBy('sequence')
        .limit(page)
        .execute();
      const last = rows.at(-1);
      if (!last) return;
      after = last.sequence;
      yield `${rows.map((row) => row.entry).join('\n')}\n`;
    }
  }
}
