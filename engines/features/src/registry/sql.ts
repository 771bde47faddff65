import { resolve } from 'node:path';
import { type Message, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { type Database, openPostgres } from '@mlops/database';
import { PlatformError } from '@mlops/errors';
import { type RawBuilder, sql } from 'kysely';
import type { Project } from '../model.ts';
import { type RegistryMessage, registrySchema, schemaOf } from './messages.ts';
import { decodeRegistry, projectOf } from './read.ts';
import { registryWith } from './write.ts';

/** A table of Feast's SQL registry: a row for each message of one kind. */
interface Kind {
  readonly table: string;
  readonly name: string;
  readonly proto: string;
  /** The field of the registry that holds such messages. */
  readonly field: Exclude<keyof RegistryMessage, '$typeName' | '$unknown'>;
  readonly message: string;
  /** Whether what is defined here is written there. */
  readonly isOurs: boolean;
  /** Columns that Feast has besides. */
  readonly more?: readonly string[];
}

const METADATA = ['user_metadata bytea'];
const KINDS: readonly Kind[] = [
  { ...named('entities', 'entity'), field: 'entities', message: 'Entity', isOurs: true },
  { ...named('data_sources', 'data_source'), field: 'dataSources', message: 'DataSource', isOurs: true },
  {
    ...named('feature_views', 'feature_view'),
    field: 'featureViews',
    message: 'FeatureView',
    isOurs: true,
    more: ['materialized_intervals bytea', ...METADATA],
  },
  {
    ...named('stream_feature_views', 'feature_view'),
    field: 'streamFeatureViews',
    message: 'StreamFeatureView',
    isOurs: false,
    more: METADATA,
  },
  {
    ...named('on_demand_feature_views', 'feature_view'),
    field: 'onDemandFeatureViews',
    message: 'OnDemandFeatureView',
    isOurs: false,
    more: METADATA,
  },
  {
    ...named('feature_services', 'feature_service'),
    field: 'featureServices',
    message: 'FeatureService',
    isOurs: true,
  },
];

function named(table: string, word: string) {
  return { table, name: `${word}_name`, proto: `${word}_proto` };
}

const NO_SUCH_TABLE = '42P01';

/** Feast's SQL registry, in PostgreSQL. */
export class SqlRegistry {
  readonly #database: Database<unknown>;
  /** Without the password. */
  readonly #shown: string;

  /** @param url as postgres://user:password@host/name */
  constructor(url: string) {
    this.#database = openPostgres(url);
    this.#shown = url.replace(/:\/\/[^@/]*@/, '://');
  }

  /** @throws INVALID_PARAMETER naming the registry, and what of it cannot be used */
  async project(name: string | undefined): Promise<Project> {
    return projectOf(await this.#read(), this.#shown, resolve('.'), name);
  }

  /** Changes with what is defined. */
  async version(): Promise<string> {
    const parts = await Promise.all(
      KINDS.map(async ({ table }) => {
        const [row] = await this.#rows<{ facts: string }>(
          sql`select count(*) || '/' || coalesce(max(last_updated_timestamp), 0) as facts from ${sql.table(table)}`,
        );
        return row?.facts ?? '';
      }),
    );
    return parts.join(' ');
  }

  /**
   * Writes what a project defines, in place of what the registry had of it, in one transaction; tables that are missing are
   * made as Feast makes them.
   * @returns views that Feast cannot have: without a history
   */
  async write(project: Project, now = Date.now()): Promise<string[]> {
    return this.#database.write(async () => {
      await this.#makeTables();
      const seconds = Math.floor(now / 1000);
      await this.#rows(
        sql`insert into projects (project_id, project_name, last_updated_timestamp, project_proto)
          values (${project.name}, ${project.name}, ${seconds}, ''::bytea) on conflict (project_id) do nothing`,
      );
      // Whoever else writes it here waits.
      await this.#rows(sql`select 1 from projects where project_id = ${project.name} for update`);
      const { registry, left } = registryWith(await this.#read(), project, now);
      for (const kind of KINDS.filter(({ isOurs }) => isOurs))
        await this.#replace(kind, registry, project.name, seconds);
      const own = registry.projects.find(({ spec }) => spec?.name === project.name);
      const proto = bytesOf('Project', own);
      await this.#rows(
        sql`update projects set project_proto = ${proto}, last_updated_timestamp = ${seconds} where project_id = ${project.name}`,
      );
      await this.#rows(
        sql`insert into feast_metadata (project_id, metadata_key, metadata_value, last_updated_timestamp)
          values (${project.name}, 'last_updated_timestamp', ${String(seconds)}, ${seconds})
          on conflict (project_id, metadata_key) do update
          set metadata_value = excluded.metadata_value, last_updated_timestamp = excluded.last_updated_timestamp`,
      );
      return left;
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #replace(kind: Kind, registry: RegistryMessage, project: string, seconds: number): Promise<void> {
    const { table, name, proto, field, message } = kind;
    const all = registry[field] as readonly (Message & Placed)[];
    const own = all.filter((each) => (each.spec ?? each).project === project);
    const names = own.map((each) => (each.spec ?? each).name ?? '');
    const [place, key, bytes] = [sql.table(table), sql.ref(name), sql.ref(proto)];
    await this.#rows(sql`delete from ${place} where project_id = ${project} and not (${key} = any(${names}))`);
    for (const [i, each] of own.entries()) {
      await this.#rows(
        sql`insert into ${place} (${key}, project_id, last_updated_timestamp, ${bytes})
          values (${names[i]}, ${project}, ${seconds}, ${bytesOf(message, each)})
          on conflict (${key}, project_id) do update
          set ${bytes} = excluded.${bytes}, last_updated_timestamp = excluded.last_updated_timestamp`,
      );
    }
  }

  /** All rows as the file that they would be: a registry is its messages, one after another. */
  async #read(): Promise<RegistryMessage> {
    const writer = new BinaryWriter();
    const append = (field: string, proto: Uint8Array) => {
      const { number = 0 } = registrySchema.fields.find(({ localName }) => localName === field) ?? {};
      writer.tag(number, WireType.LengthDelimited).bytes(proto);
    };
    for (const { table, proto, field } of KINDS) {
      const query = sql<{ proto: Uint8Array }>`select ${sql.ref(proto)} as proto from ${sql.table(table)} order by 1`;
      for (const row of await this.#rows(query)) append(field, row.proto);
    }
    const projects = sql<{ proto: Uint8Array }>`select project_proto as proto from projects order by project_id`;
    for (const row of await this.#rows(projects)) append('projects', row.proto);
    return decodeRegistry(writer.finish(), this.#shown);
  }

  async #makeTables(): Promise<void> {
    const text = 'varchar(255) not null';
    const make = (table: string, columns: readonly string[]) =>
      this.#rows(sql`create table if not exists ${sql.table(table)} (${sql.raw(columns.join(', '))})`);
    const updated = 'last_updated_timestamp bigint not null';
    await make('projects', [
      `project_id ${text} primary key`,
      `project_name ${text}`,
      updated,
      'project_proto bytea not null',
    ]);
    for (const { table, name, proto, more = [] } of KINDS) {
      const key = `primary key (${name}, project_id)`;
      await make(table, [`${name} ${text}`, `project_id ${text}`, updated, `${proto} bytea not null`, ...more, key]);
    }
    const metadata = ['metadata_key varchar(50) not null', 'metadata_value text not null', updated];
    await make('feast_metadata', [`project_id ${text}`, ...metadata, 'primary key (project_id, metadata_key)']);
  }

  async #rows<T>(query: RawBuilder<T>): Promise<T[]> {
    try {
      return (await query.execute(this.#database.query)).rows;
    } catch (error) {
      if ((error as { code?: string }).code !== NO_SUCH_TABLE) throw error;
      const message = `registry: ${this.#shown} holds no registry of Feast.`;
      throw new PlatformError('INVALID_PARAMETER', message, { field: 'registry', cause: error });
    }
  }
}

/** Sources say their names themselves, all else in its specification. */
interface Placed {
  readonly name?: string;
  readonly project?: string;
  readonly spec?: { readonly name: string; readonly project: string };
}

function bytesOf(message: string, value: unknown): Buffer {
  return Buffer.from(toBinary(schemaOf(message), value as Message));
}
