import type { Database, SchemaStep } from '@mlops/database';
import { migrate } from '@mlops/database';
import type { JobDefinition } from '@mlops/jobs';
import type { Pipeline } from '@mlops/operations';
import type { FastifyInstance } from 'fastify';
import { type ServedTable, serveTable } from './api/index.ts';

/** A part of the platform. What it has of a kind it gives here; all else it keeps to itself. */
export interface Module {
  readonly name: string;
  /** Steps of the platform's schema, numbered over all modules. */
  readonly schema?: Readonly<Record<string, SchemaStep>>;
  /** Its part of the platform's API. */
  readonly tables?: readonly ServedTable[];
  /** Routes of other protocols. */
  readonly routes?: (app: FastifyInstance) => Promise<void>;
  readonly jobs?: readonly JobDefinition[];
  /** Called in the order of the modules, when all tables are there and before anyone is answered. */
  readonly start?: () => Promise<void>;
  /** Called in the opposite order. */
  readonly close?: () => Promise<void>;
}

/** Brings the tables of all modules up to date. */
export const migrateModules = (database: Database<unknown>, modules: readonly Module[]): Promise<void> =>
  migrate(database, 'platform', Object.assign({}, ...modules.map(({ schema }) => schema)));

/** Puts modules together: their tables are made, their routes are added, they are started; closing undoes that. */
export async function assemble(
  app: FastifyInstance,
  modules: readonly Module[],
  { database, pipeline }: { database: Database<unknown>; pipeline: Pipeline },
): Promise<void> {
  await migrateModules(database, modules);
  app.addHook('onClose', async () => {
    for (const module of modules.toReversed()) await module.close?.();
  });
  for (const module of modules) {
    for (const table of module.tables ?? []) serveTable(app, table, pipeline);
    await module.routes?.(app);
  }
  for (const module of modules) await module.start?.();
}
