import type { FieldStatus, OnlineFeatures } from '../retrieval/online.ts';
import { valueToJson } from '../values/decode.ts';
import { formatInstant } from '../values/instant.ts';

/** One row of an answer, by the names of keys and features. */
export interface OnlineRow {
  /** As JSON.stringify writes them with all digits. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly statuses: Readonly<Record<string, FieldStatus>>;
  /** ISO 8601, UTC; of keys and of what was not found 1970. */
  readonly event_timestamps: Readonly<Record<string, string>>;
}

/** An answer by rows. */
export function onlineRows({ columns }: OnlineFeatures): OnlineRow[] {
  const rows = columns[0]?.values.length ?? 0;
  return Array.from({ length: rows }, (_, row) => {
    const by = <T>(of: (column: (typeof columns)[number]) => T) =>
      Object.fromEntries(columns.map((column) => [column.name, of(column)]));
    return {
      values: by(({ values }) => writable(valueToJson(values[row] ?? new Uint8Array()))),
      statuses: by(({ statuses }) => statuses[row] ?? 'NOT_FOUND'),
      event_timestamps: by(({ eventTimestamps }) => formatInstant(eventTimestamps[row] ?? { seconds: 0, nanos: 0 })),
    };
  });
}

const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };

/** JSON text as a value that is written as the same text. */
function writable(text: string): unknown {
  if (!/^[[{]/.test(text)) return rawJSON(text);
  return JSON.parse(text, function keep(this: unknown, _key, value: unknown, context?: { source?: string }) {
    return typeof value === 'number' ? rawJSON(context?.source ?? String(value)) : value;
  } as (key: string, value: unknown) => unknown);
}

/** Columns with integers of any size, as values that JSON.stringify writes. */
export function writableColumns(columns: Readonly<Record<string, readonly unknown[]>>): Record<string, unknown[]> {
  return Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.map(withoutBigints)]));
}

function withoutBigints(value: unknown): unknown {
  if (typeof value === 'bigint') return rawJSON(String(value));
  if (Array.isArray(value)) return value.map(withoutBigints);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutBigints(each)]));
}
