import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { HistoricalFiles } from '@mlops/features';
import type { Command } from 'commander';
import { CommandError } from './connection.ts';
import type { Context } from './context.ts';
import { selection } from './feature-selection.ts';
import { unreadable } from './files.ts';
import { printOne, withProgress } from './output.ts';

const PARQUET = 'application/vnd.apache.parquet';

interface Options {
  readonly entities: string;
  readonly out: string;
  readonly service?: string;
  readonly features?: string;
  readonly fullFeatureNames?: boolean;
  readonly registry?: string;
  readonly definitions?: string;
  readonly project?: string;
}

/** features historical */
export function historicalCommand(features: Command, context: Context): void {
  features
    .command('historical')
    .description('values of features as they were at each row’s moment: a training set')
    .requiredOption('--entities <file>', 'key columns and event_timestamp: .parquet, .csv, .json or .ndjson')
    .requiredOption('--out <file>', 'where the rows with their features are written: .parquet, .csv, .json or .ndjson')
    .option('--service <name>', 'a feature service')
    .option('--features <list>', 'VIEW:FEATURE,…, in place of a service')
    .option('--full-feature-names', 'name columns VIEW__FEATURE')
    .option('--registry <path>', 'Feast’s registry, a file or postgres://…: read here, without a platform')
    .option('--definitions <folder>', 'a folder with YAML definitions: read here, without a platform')
    .option('--project <name>', 'project of the registry or the definitions')
    .action(async (options: Options) => {
      const { entities, out } = options;
      const selected = { ...selection(options), full: options.fullFeatureNames ?? false };
      const { size } = await stat(entities).catch((error: unknown) => {
        throw unreadable(entities, error);
      });
      if (size === 0) throw new CommandError(`${entities} is empty.`);
      const rows = await withFiles((files) => withProgress(`joining ${entities}`, joined(files)));
      printOne(context.output(), { out, ...rows }, { written: out, ...rows });

      async function joined(files: HistoricalFiles): Promise<{ rows?: number; columns?: string }> {
        const source = sourceOf(options);
        if (source === undefined) return askPlatform(context, files, options, selected);
        const { full: fullNames, ...rest } = selected;
        const result = await files.join(source, { entities, fullNames, ...rest }, out);
        return { rows: result.rows, columns: result.columns.join(', ') };
      }
    });
}

function sourceOf({ registry, definitions, project }: Options) {
  if (registry !== undefined && definitions !== undefined) {
    throw new CommandError('Give either --registry or --definitions, not both.');
  }
  if (registry !== undefined) return { kind: 'feast', registry, project } as const;
  if (definitions !== undefined) return { kind: 'yaml', folder: definitions, project: project ?? 'default' } as const;
  return undefined;
}

async function askPlatform(
  context: Context,
  files: HistoricalFiles,
  { entities, out }: Options,
  { full, ...selected }: { full: boolean; service?: string; features?: string[] },
) {
  const columns = await files.columns(entities);
  const { service, features } = selected;
  const body = {
    entities: columns,
    full_feature_names: full,
    ...(service === undefined ? { features } : { feature_service: service }),
  };
  const headers = { 'content-type': 'application/json', accept: PARQUET };
  const response = await context.connection().raw('/get-historical-features', {
    method: 'POST',
    headers,
    body: JSON.stringify(body, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isParquet = extname(out) === '.parquet';
  const target = isParquet ? out : `${out}.parquet`;
  await writeFile(target, bytes);
  if (!isParquet) {
    try {
      await files.convert(target, out);
    } finally {
      await rm(target, { force: true });
    }
  }
  return {};
}

/** DuckDB is loaded by this command alone. */
async function withFiles<T>(use: (files: HistoricalFiles) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-'));
  const { HistoricalFiles: Files } = await import('@mlops/features');
  const files = new Files(join(folder, 'scratch'));
  try {
    return await use(files);
  } catch (error) {
    // The engine's refusals are written for people.
    if ((error as Error).name === 'PlatformError') throw new CommandError((error as Error).message, { cause: error });
    throw error;
  } finally {
    await files.close();
    await rm(folder, { recursive: true, force: true });
  }
}
