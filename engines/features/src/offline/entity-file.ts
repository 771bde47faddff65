import { extname } from 'node:path';
import { invalid } from '../refusals.ts';
import type { Analytics } from './analytics.ts';
import { takeColumns } from './read-columns.ts';
import { text } from './sql.ts';

/** How DuckDB reads and writes files by their ending. */
const READERS: Readonly<Record<string, (path: string) => string>> = {
  '.parquet': (path) => `read_parquet(${text(path)})`,
  '.csv': (path) => `read_csv(${text(path)}, header = true)`,
  '.json': (path) => `read_json(${text(path)}, format = 'array')`,
  '.ndjson': (path) => `read_json(${text(path)}, format = 'newline_delimited')`,
};
const FORMATS: Readonly<Record<string, string>> = {
  '.parquet': 'format parquet, compression zstd',
  '.csv': 'format csv, header true',
  '.json': 'format json, array true',
  '.ndjson': 'format json',
};

/** @throws INVALID_PARAMETER for an ending that no format has */
export function checkEnding(field: string, file: string): void {
  if (extname(file) in FORMATS) return;
  throw invalid(field, `'${file}' ends in none of ${Object.keys(FORMATS).join(', ')}.`);
}

/** Writes a file's rows in the format that the other file's name says. */
export async function convertFile(analytics: Analytics, from: string, to: string): Promise<void> {
  const relation = READERS[extname(from)]?.(from);
  await analytics.run((connection) =>
    connection.execute(`copy (select * from ${relation}) to ${text(to)} (${FORMATS[extname(to)]})`),
  );
}

/** A file's rows by column, as JSON has the values. @throws PAYLOAD_TOO_LARGE, INVALID_PARAMETER */
export async function columnsOfFile(analytics: Analytics, file: string): Promise<Record<string, unknown[]>> {
  checkEnding('entities', file);
  const copy = analytics.scratch('parquet');
  await convertFile(analytics, file, copy);
  return takeColumns(analytics, copy);
}
