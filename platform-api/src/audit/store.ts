import { type AuditEntry, type AuditFacts, GENESIS, seal } from '@mlops/audit-chain';
import { columnTypes, type Database, type DialectName, type SchemaStep } from '@mlops/database';
import { type RawBuilder, sql } from 'kysely';

/** Entries that are read at once. */
const PAGE = 1000;

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
  /** `nodes` is JSON: see `GrowingTree.state`. */
  audit_checkpoints: { size: number; root: string; nodes: string; time: number; note: string };
  audit_verifier_keys: { key: string };
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
  '0013_audit_checkpoints': async (db, dialect) => {
    const types = columnTypes(dialect);
    const text = sql.raw(types.text) as never;
    const integer = sql.raw(types.integer) as never;
    await db.schema
      .createTable('audit_checkpoints')
      .addColumn('size', integer, (c) => c.primaryKey())
      .addColumn('root', text, (c) => c.notNull())
      .addColumn('nodes', text, (c) => c.notNull())
      .addColumn('time', integer, (c) => c.notNull())
      .addColumn('note', text, (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('audit_verifier_keys')
      .addColumn('key', text, (c) => c.primaryKey().notNull())
      .execute();
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

/** Half of a surrogate pair, in what somebody has sent and is told of, has no form that could be hashed (RFC 8785). */
function wellFormed(facts: AuditFacts): AuditFacts {
  const replace = (_key: string, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value);
  return JSON.parse(JSON.stringify(facts, replace)) as AuditFacts;
}

export interface AuditFilter {
  readonly team?: string;
  readonly action?: string;
  readonly actor?: string;
  readonly outcome?: string;
  readonly resource_type?: string;
  readonly resource_id?: string;
  /** RFC 3339, UTC, with milliseconds: from this time on, and before that one. */
  readonly since?: string;
  readonly until?: string;
  /** Sequence numbers below this one only. */
  readonly before?: number;
}

/** A checkpoint, and what the next one grows from. */
export interface KeptCheckpoint {
  readonly size: number;
  /** Hexadecimal. */
  readonly root: string;
  readonly nodes: readonly string[];
  /** Milliseconds since 1970. */
  readonly time: number;
  /** As it was signed. */
  readonly note: string;
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
      const entry = seal(wellFormed(facts), head);
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
    if (filter.since !== undefined) query = query.where('time', '>=', filter.since);
    if (filter.until !== undefined) query = query.where('time', '<', filter.until);
    if (filter.before !== undefined) query = query.where('sequence', '<', filter.before);
    const rows = await query.orderBy('sequence', 'desc').limit(limit).execute();
    return rows.map((row) => JSON.parse(row.entry) as AuditEntry);
  }

  /** Entries in order, as the lines of an export, a page at a time. @param after, upTo sequence numbers; default: all */
  async *lines(after = 0, upTo = Number.MAX_SAFE_INTEGER): AsyncGenerator<string> {
    for await (const entries of this.#pages(after, upTo)) yield `${entries.join('\n')}\n`;
  }

  /** Hashes of entries in order. @param after, upTo sequence numbers */
  async *hashes(after: number, upTo: number): AsyncGenerator<string> {
    for await (const entries of this.#pages(after, upTo)) {
      for (const entry of entries) yield (JSON.parse(entry) as AuditEntry).hash;
    }
  }

  async *#pages(after: number, upTo: number): AsyncGenerator<string[]> {
    for (let from = after; from < upTo; ) {
      const rows = await this.#database.query
        .selectFrom('audit_entries')
        .select(['sequence', 'entry'])
        .where('sequence', '>', from)
        .where('sequence', '<=', upTo)
        .orderBy('sequence')
        .limit(PAGE)
        .execute();
      const last = rows.at(-1);
      if (!last) return;
      from = last.sequence;
      yield rows.map((row) => row.entry);
    }
  }

  /** How many entries there are. */
  async size(): Promise<number> {
    const head = await this.#database.query.selectFrom('audit_head').select('sequence').executeTakeFirstOrThrow();
    return head.sequence;
  }

  async newestCheckpoint(): Promise<KeptCheckpoint | undefined> {
    const [newest] = await this.checkpoints(1);
    return newest;
  }

  /** Newest first. */
  async checkpoints(limit: number): Promise<KeptCheckpoint[]> {
    const rows = await this.#database.query
      .selectFrom('audit_checkpoints')
      .selectAll()
      .orderBy('size', 'desc')
      .limit(limit)
      .execute();
    return rows.map(({ nodes, ...row }) => ({ ...row, nodes: JSON.parse(nodes) as string[] }));
  }

  async addCheckpoint({ nodes, ...checkpoint }: KeptCheckpoint): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .insertInto('audit_checkpoints')
        .values({ ...checkpoint, nodes: JSON.stringify(nodes) })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );
  }

  async verifierKeys(): Promise<string[]> {
    const rows = await this.#database.query.selectFrom('audit_verifier_keys').select('key').orderBy('key').execute();
    return rows.map(({ key }) => key);
  }

  async addVerifierKey(key: string): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .insertInto('audit_verifier_keys')
        .values({ key })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );
  }
}
