import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSettings } from '@mlops/configuration';
import { deployExample } from '@mlops/flight-delays';
import { startPostgres, suite, temporaryFolder } from '@mlops/testing';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll } from 'vitest';
import { buildPlatform } from '../src/index.ts';

/** A platform of a suite's own, listening on a free port. */
export interface TestPlatform {
  readonly url: string;
  readonly data: string;
  readonly app: FastifyInstance;
  /** Stops it; the data folder stays until `remove`. */
  readonly stop: () => Promise<void>;
  readonly remove: () => void;
}

export async function startPlatform(args: readonly string[] = [], folder = temporaryFolder()): Promise<TestPlatform> {
  const argv = ['--data', folder.path, '--log-level', 'fatal', ...args];
  const { app } = await buildPlatform(loadSettings('platform', { argv, env: {}, cwd: folder.path }));
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, data: folder.path, app, stop: () => app.close(), remove: folder.remove };
}

/** A platform on which the example is deployed. */
export async function startWithExample(args: readonly string[] = []): Promise<TestPlatform> {
  const platform = await startPlatform(args);
  await deployExample(platform.url);
  return platform;
}

/** The database of a suite: what a platform's arguments say of it, and its address where it is PostgreSQL. */
export interface SuiteDatabase {
  readonly args: string[];
  url: string | undefined;
}

/** The same suite on SQLite and on a PostgreSQL of its own. */
export function onEachDatabase(name: string, body: (database: SuiteDatabase) => void): void {
  suite(`${name} on sqlite`, { needs: [] }, () => body({ args: [], url: undefined }));
  suite(`${name} on postgres`, { needs: ['postgres'] }, () => {
    const database: SuiteDatabase = { args: [], url: undefined };
    let stop = async () => {};
    beforeAll(async () => {
      const postgres = await startPostgres();
      stop = postgres.stop;
      database.url = postgres.url;
      database.args.push('--database', postgres.url);
    });
    afterAll(() => stop());
    body(database);
  });
}

export interface Answer {
  readonly status: number;
  readonly body: any;
}

export async function call(platform: TestPlatform, method: string, path: string, body?: unknown): Promise<Answer> {
  const init =
    body === undefined
      ? { method }
      : { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${platform.url}${path}`, init);
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

const EXAMPLE = join(import.meta.dirname, '../../examples/flight-delays/model');
export const exampleModel = EXAMPLE;
/** The example's golden request: MLflow's own serving example. */
export const golden = JSON.parse(readFileSync(join(EXAMPLE, 'serving_input_example.json'), 'utf8')) as {
  dataframe_split: { columns: string[]; data: (string | number)[][] };
};
/** One flight as named columns. */
export const flight = Object.fromEntries(
  golden.dataframe_split.columns.map((name, i) => [name, golden.dataframe_split.data[0]?.[i]]),
);
