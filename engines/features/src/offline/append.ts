import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Turns } from '@mlops/concurrency';
import { PlatformError } from '@mlops/errors';
import type { FeatureView } from '../model.ts';
import { type Frame, rowCount } from '../online/frame.ts';
import { invalid } from '../refusals.ts';
import { writeJson } from '../values/json.ts';
import type { Analytics, Column } from './analytics.ts';
import { declaredColumns, fileSourceOf, hasHistory, openView } from './file-source.ts';
import { name, text } from './sql.ts';

const turns = new Turns();

/**
 * Adds rows to a view's history: a new file where the source is a folder; where it is one file, that file is written
 * anew beside the old one, and takes its place as a whole.
 * Where there is no history yet, its first file is made, with the columns that the views of the source declare.
 * @throws INVALID_PARAMETER naming a column of the source that the frame lacks; INVALID_STATE about the source
 */
export function appendRows(analytics: Analytics, views: readonly FeatureView[], frame: Frame): Promise<void> {
  const [view] = views;
  if (view === undefined) return Promise.resolve();
  const source = fileSourceOf(view);
  const { path, fieldMapping } = source;
  const rows = rowCount(frame);
  const inFrame = new Map(Object.entries(fieldMapping));
  return turns.take(path, () =>
    analytics.run(async (connection) => {
      const isNew = !(await hasHistory(source));
      if (isNew) await mkdir(path.endsWith('.parquet') ? dirname(path) : path, { recursive: true });
      const relation = isNew ? undefined : (await openView(connection, view)).relation;
      const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
      if (isFolder) await refusePartitions(path, view);
      const columns = relation === undefined ? declaredColumns(source, views) : await connection.columnsOf(relation);
      const values = columns.map((column) => valuesOf(frame, column, inFrame.get(column.name)));
      const lines = analytics.scratch('ndjson');
      // Within the folder, so that taking the place is one step; the dot keeps it out of what is read.
      const made = isFolder ? join(path, `.${crypto.randomUUID()}.tmp`) : `${path}.${crypto.randomUUID()}.tmp`;
      try {
        await writeFile(lines, linesOf(columns, values, rows));
        const added = addedSql(columns, lines);
        const all = isFolder || relation === undefined ? added : `select * from ${relation} union all by name ${added}`;
        await connection.execute(`copy (${all}) to ${text(made)} (format parquet, compression zstd)`);
        await rename(made, isFolder ? join(path, `push-${Date.now()}-${(await readdir(path)).length}.parquet`) : path);
      } finally {
        await rm(lines, { force: true });
        await rm(made, { force: true });
      }
    }),
  );
}

/** A row of `year=2026/` belongs into that folder, and may be in none that is there. @throws NOT_IMPLEMENTED */
async function refusePartitions(path: string, view: FeatureView): Promise<void> {
  if (!(await readdir(path)).some((entry) => entry.includes('='))) return;
  throw new PlatformError(
    'NOT_IMPLEMENTED',
    `view '${view.name}': its source is a folder by partitions; rows are added there by whoever writes it.`,
  );
}

function valuesOf(frame: Frame, column: Column, mapped: string | undefined): readonly unknown[] {
  for (const given of [column.name, mapped]) {
    if (given !== undefined && Object.hasOwn(frame, given)) return frame[given] ?? [];
  }
  throw invalid('df', `the column '${column.name}' of the source is missing.`);
}

function linesOf(columns: readonly Column[], values: readonly (readonly unknown[])[], rows: number): string {
  return Array.from({ length: rows }, (_, row) => {
    const fields = columns.map(({ name: column, type }, i) => {
      const value = values[i]?.[row] ?? null;
      // Seconds since 1970, as Feast has times among values.
      const isSeconds = typeof value === 'number' && type.startsWith('TIMESTAMP');
      return [column, isSeconds ? new Date(value * 1000).toISOString() : value] as const;
    });
    return `${writeJson(Object.fromEntries(fields))}\n`;
  }).join('');
}

function addedSql(columns: readonly Column[], lines: string): string {
  // Bytes are base64 in JSON; times are told with or without a zone.
  const asText = (type: string) => type === 'BLOB' || type.startsWith('TIMESTAMP');
  const types = columns.map(({ name: column, type }) => `${name(column)}: ${text(asText(type) ? 'VARCHAR' : type)}`);
  const selected = columns.map(({ name: column, type }) => {
    const place = name(column);
    if (type === 'BLOB') return `from_base64(${place}) as ${place}`;
    return asText(type) ? `${place}::${type} as ${place}` : place;
  });
  return `select ${selected.join(', ')} from read_json(${text(lines)}, format = 'newline_delimited', columns = {${types.join(', ')}})`;
}
