import { rm } from 'node:fs/promises';
import type { DuckDBValue } from '@duckdb/node-api';
import { PlatformError } from '@mlops/errors';
import { toJsonNumber } from '@mlops/json-numbers';
import { formatInstant, instantOfNanoseconds } from '../values/instant.ts';
import type { Analytics, Column } from './analytics.ts';
import { name, text } from './sql.ts';

/** Values of one answer in JSON; as Parquet it may have any number. */
const VALUES_MAX = 1_000_000;

/**
 * The columns of a Parquet file as JSON has them: times as in ISO 8601 (UTC), bytes as base64. Deletes the file.
 * @throws PAYLOAD_TOO_LARGE
 */
export async function takeColumns(analytics: Analytics, file: string): Promise<Record<string, unknown[]>> {
  try {
    return await analytics.run(async (connection) => {
      const relation = `read_parquet(${text(file)})`;
      const columns = await connection.columnsOf(relation);
      const [rows] = await connection.row(`select count(*) from ${relation}`);
      if (Number(rows) * columns.length > VALUES_MAX) {
        const fix = "ask for Parquet, with the header 'Accept: application/vnd.apache.parquet', or in parts.";
        throw new PlatformError(
          'PAYLOAD_TOO_LARGE',
          `An answer in JSON may have ${VALUES_MAX} values, not ${rows} rows of ${columns.length} columns; ${fix}`,
        );
      }
      const readers = columns.map(readerOf);
      const result: Record<string, unknown[]> = Object.fromEntries(columns.map((column) => [column.name, []]));
      const selected = readers.map(({ expression }) => expression).join(', ');
      for await (const batch of connection.batches(`select ${selected} from ${relation}`)) {
        for (const [i, column] of columns.entries()) {
          const read = readers[i]?.read ?? String;
          for (const value of batch.columns[i] ?? []) result[column.name]?.push(value === null ? null : read(value));
        }
      }
      return result;
    });
  } finally {
    await rm(file, { force: true });
  }
}

interface Reader {
  readonly expression: string;
  readonly read: (value: DuckDBValue) => unknown;
}

function readerOf({ name: column, type }: Column): Reader {
  const place = name(column);
  if (/^(TIMESTAMP|DATE)/.test(type)) {
    return { expression: `epoch_ns(${place})`, read: (value) => formatInstant(instantOfNanoseconds(value as bigint)) };
  }
  if (type === 'BLOB') return { expression: `base64(${place})`, read: String };
  if (/^(FLOAT|DOUBLE)$/.test(type)) return { expression: place, read: (value) => toJsonNumber(value as number) };
  if (/^(U?(TINY|SMALL|BIG)?INT(EGER)?|VARCHAR|BOOLEAN)$/.test(type))
    return { expression: place, read: (value) => value };
  return { expression: `to_json(${place})::varchar`, read: (value) => JSON.parse(String(value)) as unknown };
}
