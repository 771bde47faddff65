import { columnTypes, type DialectName, type SchemaStep } from '@mlops/database';
import { type CreateTableBuilder, type Kysely, sql } from 'kysely';

type Columns = Readonly<Record<string, 'text' | 'integer' | 'real' | 'text?' | 'integer?'>>;

export const trackingSchema: Readonly<Record<string, SchemaStep>> = {
  '0001_runs': async (db, dialect) => {
    const table = tableMaker(db, dialect);
    await table('experiments', {
      id: true,
      columns: {
        name: 'text',
        artifact_location: 'text',
        lifecycle_stage: 'text',
        creation_time: 'integer',
        last_update_time: 'integer',
      },
      unique: ['name'],
    });
    await table('experiment_tags', {
      columns: { experiment: 'integer', key: 'text', value: 'text' },
      key: ['experiment', 'key'],
      parent: ['experiment', 'experiments', 'id'],
    });
    await table('runs', {
      id: true,
      columns: {
        run_id: 'text',
        experiment: 'integer',
        name: 'text',
        user_id: 'text',
        status: 'text',
        start_time: 'integer',
        end_time: 'integer?',
        lifecycle_stage: 'text',
        deleted_time: 'integer?',
        artifact_uri: 'text',
      },
      unique: ['run_id'],
      parent: ['experiment', 'experiments', 'id'],
    });
    await db.schema
      .createIndex('runs_by_start')
      .on('runs')
      .columns(['experiment', 'lifecycle_stage', 'start_time', 'run_id'])
      .execute();
    for (const name of ['params', 'tags']) {
      await table(name, {
        columns: { run: 'integer', key: 'text', value: 'text' },
        key: ['run', 'key'],
        parent: ['run', 'runs', 'id'],
      });
      await db.schema.createIndex(`${name}_by_key`).on(name).columns(['key', 'run']).execute();
    }
    const point = {
      run: 'integer',
      key: 'text',
      step: 'integer',
      timestamp: 'integer',
      value: 'real',
      is_nan: 'integer',
    } as const;
    // No reference to runs: the write itself checks the run, and a million points need no second look-up each.
    await table('metrics', { columns: point, key: ['run', 'key', 'step', 'timestamp', 'value', 'is_nan'] });
    await table('latest_metrics', { columns: point, key: ['run', 'key'] });
    await db.schema
      .createIndex('latest_metrics_by_value')
      .on('latest_metrics')
      .columns(['key', 'value', 'run'])
      .execute();
  },
  '0002_inputs': async (db, dialect) => {
    const table = tableMaker(db, dialect);
    await table('datasets', {
      id: true,
      columns: {
        experiment: 'integer',
        name: 'text',
        digest: 'text',
        source_type: 'text',
        source: 'text',
        schema: 'text?',
        profile: 'text?',
      },
      unique: ['experiment', 'name', 'digest'],
      parent: ['experiment', 'experiments', 'id'],
    });
    await table('run_datasets', {
      columns: { run: 'integer', dataset: 'integer' },
      key: ['run', 'dataset'],
      parent: ['run', 'runs', 'id'],
    });
    await db.schema.createIndex('run_datasets_by_dataset').on('run_datasets').columns(['dataset', 'run']).execute();
    await table('run_dataset_tags', {
      columns: { run: 'integer', dataset: 'integer', key: 'text', value: 'text' },
      key: ['run', 'dataset', 'key'],
    });
    await table('run_models', {
      columns: { run: 'integer', direction: 'text', model_id: 'text', step: 'integer' },
      key: ['run', 'direction', 'model_id'],
      parent: ['run', 'runs', 'id'],
    });
  },
  '0003_logged_models': async (db, dialect) => {
    const table = tableMaker(db, dialect);
    await table('logged_models', {
      columns: {
        model_id: 'text',
        experiment: 'integer',
        name: 'text',
        artifact_uri: 'text',
        status: 'text',
        model_type: 'text',
        source_run_id: 'text',
        lifecycle_stage: 'text',
        creation_time: 'integer',
        last_update_time: 'integer',
      },
      key: ['model_id'],
      parent: ['experiment', 'experiments', 'id'],
    });
    await db.schema
      .createIndex('logged_models_by_experiment')
      .on('logged_models')
      .columns(['experiment', 'creation_time'])
      .execute();
    for (const name of ['logged_model_params', 'logged_model_tags']) {
      await table(name, {
        columns: { model_id: 'text', key: 'text', value: 'text' },
        key: ['model_id', 'key'],
        parent: ['model_id', 'logged_models', 'model_id'],
      });
    }
    await table('logged_model_metrics', {
      columns: {
        model_id: 'text',
        run_id: 'text',
        key: 'text',
        step: 'integer',
        timestamp: 'integer',
        value: 'real',
        is_nan: 'integer',
        dataset_name: 'text',
        dataset_digest: 'text',
      },
      key: ['model_id', 'key', 'timestamp', 'step', 'run_id'],
    });
  },
  '0004_registry': async (db, dialect) => {
    const table = tableMaker(db, dialect);
    await table('registered_models', {
      columns: { name: 'text', description: 'text', creation_time: 'integer', last_update_time: 'integer' },
      key: ['name'],
    });
    await table('model_versions', {
      columns: {
        name: 'text',
        version: 'integer',
        creation_time: 'integer',
        last_update_time: 'integer',
        description: 'text',
        user_id: 'text',
        stage: 'text',
        source: 'text',
        storage_location: 'text',
        run_id: 'text',
        run_link: 'text',
        status: 'text',
        digest: 'text',
        deleted: 'integer',
      },
      key: ['name', 'version'],
      parent: ['name', 'registered_models', 'name'],
    });
    await db.schema.createIndex('model_versions_by_run').on('model_versions').columns(['run_id']).execute();
    await table('registered_model_tags', {
      columns: { name: 'text', key: 'text', value: 'text' },
      key: ['name', 'key'],
      parent: ['name', 'registered_models', 'name'],
    });
    await table('registered_model_aliases', {
      columns: { name: 'text', alias: 'text', version: 'integer' },
      key: ['name', 'alias'],
      parent: ['name', 'registered_models', 'name'],
    });
    await table('model_version_tags', {
      columns: { name: 'text', version: 'integer', key: 'text', value: 'text' },
      key: ['name', 'version', 'key'],
      parent: ['name', 'registered_models', 'name'],
    });
    await table('artifacts', { columns: { path: 'text', size: 'integer', sha256: 'text' }, key: ['path'] });
  },
  /** What was there before there were workspaces belongs to `default`. Only columns are added: a process of before works on. */
  '0005_workspaces': async (db, dialect) => {
    const text = sql.raw<never>(columnTypes(dialect).text);
    for (const name of ['experiments', 'registered_models', 'model_versions']) {
      await db.schema
        .alterTable(name)
        .addColumn('workspace', text, (column) => column.notNull().defaultTo('default'))
        .execute();
      await db.schema.createIndex(`${name}_by_workspace`).on(name).columns(['workspace', 'creation_time']).execute();
    }
  },
};

interface TableShape {
  /** A generated number `id` as the primary key. */
  readonly id?: true;
  readonly columns: Columns;
  readonly key?: readonly string[];
  readonly unique?: readonly string[];
  /** Column, table, column: removed and renamed with the parent. */
  readonly parent?: readonly [string, string, string];
}

function tableMaker(db: Kysely<unknown>, dialect: DialectName) {
  const types = columnTypes(dialect);
  const typeOf = (type: string) => sql.raw<never>(types[type.replace('?', '') as keyof typeof types]);
  return async (name: string, shape: TableShape): Promise<void> => {
    let table = db.schema.createTable(name) as CreateTableBuilder<string, string>;
    if (shape.id) {
      table =
        dialect === 'sqlite'
          ? table.addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
          : table.addColumn('id', 'bigint', (column) => column.primaryKey().generatedByDefaultAsIdentity());
    }
    for (const [column, type] of Object.entries(shape.columns)) {
      table = table.addColumn(column, typeOf(type), (c) => (type.endsWith('?') ? c : c.notNull()));
    }
    if (shape.key) table = table.addPrimaryKeyConstraint(`${name}_key`, [...shape.key]);
    if (shape.unique) table = table.addUniqueConstraint(`${name}_unique`, [...shape.unique]);
    if (shape.parent) {
      const [column, target, targetColumn] = shape.parent;
      table = table.addForeignKeyConstraint(`${name}_parent`, [column], target, [targetColumn], (constraint) =>
        constraint.onDelete('cascade').onUpdate('cascade'),
      );
    }
    // Rows of a table without a number of their own lie in the order of their key: a run's data is in one place.
    const clustered = dialect === 'sqlite' && shape.key !== undefined;
    await (clustered ? table.modifyEnd(sql`without rowid`) : table).execute();
  };
}
