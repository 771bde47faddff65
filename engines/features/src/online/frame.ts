import type { FeatureView } from '../model.ts';
import { invalid } from '../refusals.ts';
import { coerceKey, coerceValue } from '../values/coerce.ts';
import { encodeValue } from '../values/encode.ts';
import { serializeEntityKey } from '../values/entity-key.ts';
import { type Instant, parseInstant } from '../values/instant.ts';
import type { WrittenRow } from './store.ts';

/** Rows by column, as Feast's clients send a data frame. */
export type Frame = Readonly<Record<string, readonly unknown[]>>;

/** Feast's remote client sends times under this name, whatever the source calls them. */
const TIME_COLUMN = 'event_timestamp';

/** How many rows a frame has. @throws INVALID_PARAMETER where its columns differ in length */
export function rowCount(frame: Frame): number {
  const [first, ...rest] = Object.entries(frame);
  const rows = first?.[1].length ?? 0;
  for (const [name, values] of rest) {
    if (values.length === rows) continue;
    throw invalid(`df.${name}`, `has ${values.length} values, '${first?.[0]}' has ${rows}; give as many.`);
  }
  return rows;
}

/**
 * The rows of a view for the online store. Columns are named as in the view, or as in its source; what else the frame
 * has is ignored.
 * @throws INVALID_PARAMETER naming the column that is missing, or the row that has a wrong value: nothing is written then
 */
export function rowsOf(view: FeatureView, frame: Frame): WrittenRow[] {
  const rows = rowCount(frame);
  const column = columnFinder(view, frame);
  const keys = view.entities.length === 0 ? [] : view.joinKeys.map((key) => ({ ...key, column: column(key.name) }));
  const features = view.features.map((feature) => ({ ...feature, column: column(feature.name) }));
  const times = column(timeColumn(view), TIME_COLUMN);
  return Array.from({ length: rows }, (_, i) => ({
    key:
      keys.length === 0
        ? serializeEntityKey(view.joinKeys.map(({ name, type }) => ({ joinKey: name, type, value: '' })))
        : serializeEntityKey(
            keys.map((key) => ({
              joinKey: key.name,
              type: key.type,
              value: coerceKey(key.type, key.column.values[i], `df.${key.column.name}[${i}]`),
            })),
          ),
    values: features.map(({ type, column: { name, values } }) =>
      encodeValue(type, coerceValue(type, values[i], `df.${name}[${i}]`)),
    ),
    event: timeOf(times.values[i], `df.${times.name}[${i}]`),
  }));
}

function timeColumn({ batchSource }: FeatureView): string {
  return batchSource?.kind === 'file' ? batchSource.timestampField : TIME_COLUMN;
}

interface FrameColumn {
  readonly name: string;
  readonly values: readonly unknown[];
}

function columnFinder({ name: view, batchSource }: FeatureView, frame: Frame): (...names: string[]) => FrameColumn {
  const mapping = batchSource?.kind === 'file' ? batchSource.fieldMapping : {};
  const inSource = new Map(Object.entries(mapping).map(([source, name]) => [name, source]));
  return (...names) => {
    for (const name of names) {
      for (const given of [name, inSource.get(name) ?? name]) {
        const values = Object.hasOwn(frame, given) ? frame[given] : undefined;
        if (values !== undefined) return { name: given, values };
      }
    }
    throw invalid('df', `the column '${names[0]}' is missing; view '${view}' needs it.`);
  };
}

function timeOf(value: unknown, where: string): Instant {
  const instant = typeof value === 'string' ? parseInstant(value) : undefined;
  if (instant !== undefined) return instant;
  throw invalid(where, `${JSON.stringify(value)?.slice(0, 100)} is not a time as in ISO 8601: 2026-01-31T12:00:00Z.`);
}
