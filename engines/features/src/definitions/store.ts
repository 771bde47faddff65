import type { Database } from '@mlops/database';
import type { DefinitionsTables } from './tables.ts';

/** A file of definitions, by its name. */
export interface DefinitionsFileText {
  readonly name: string;
  readonly text: string;
}

/** The files that make one project, and where relative paths in them begin. */
export interface DefinitionsSet {
  readonly files: readonly DefinitionsFileText[];
  /** A folder on this machine; undefined: the project's own. */
  readonly root?: string | undefined;
}

export interface AppliedVersion {
  /** 0: nothing was applied yet. */
  readonly version: number;
  readonly definitions: DefinitionsSet;
}

export interface VersionFacts {
  readonly appliedBy: string;
  readonly appliedAt: number;
  readonly reason: string | null;
}

const NOTHING: AppliedVersion = { version: 0, definitions: { files: [] } };

/** Definitions as they were applied, by project and version. */
export class DefinitionsStore {
  readonly #database: Database<DefinitionsTables>;

  constructor(database: Database<DefinitionsTables>) {
    this.#database = database;
  }

  /** Runs a change of one project's definitions in a transaction, after those that have begun before. */
  change<T>(project: string, body: (newest: AppliedVersion) => Promise<T>): Promise<T> {
    return this.#database.write(async (tx) => {
      await tx
        .insertInto('feature_projects')
        .values({ project, version: 0 })
        .onConflict((conflict) => conflict.column('project').doNothing())
        .execute();
      // The update takes the row's lock on PostgreSQL; on SQLite there is one writer.
      await tx
        .updateTable('feature_projects')
        .set((row) => ({ version: row.ref('version') }))
        .where('project', '=', project)
        .execute();
      return body(await this.newest(project));
    });
  }

  async add(project: string, { version, definitions }: AppliedVersion, facts: VersionFacts): Promise<void> {
    await this.#database.write(async (tx) => {
      await tx.updateTable('feature_projects').set({ version }).where('project', '=', project).execute();
      await tx
        .insertInto('feature_definitions')
        .values({
          project,
          version,
          content: JSON.stringify(definitions),
          applied_at: facts.appliedAt,
          applied_by: facts.appliedBy,
          reason: facts.reason,
        })
        .execute();
    });
  }

  /** Calls `action` when the surrounding transaction is durable. */
  onCommit(action: () => void): void {
    this.#database.onCommit(action);
  }

  async versionOf(project: string): Promise<number> {
    const row = await this.#database.query
      .selectFrom('feature_projects')
      .select('version')
      .where('project', '=', project)
      .executeTakeFirst();
    return row?.version ?? 0;
  }

  async newest(project: string): Promise<AppliedVersion> {
    const row = await this.#database.query
      .selectFrom('feature_definitions')
      .select(['version', 'content'])
      .where('project', '=', project)
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row === undefined
      ? NOTHING
      : { version: row.version, definitions: JSON.parse(row.content) as DefinitionsSet };
  }

  /** Projects that have definitions. */
  async projects(): Promise<string[]> {
    const rows = await this.#database.query
      .selectFrom('feature_projects')
      .select('project')
      .where('version', '>', 0)
      .orderBy('project')
      .execute();
    return rows.map(({ project }) => project);
  }
}
