import type { FeatureView } from '../model.ts';
import type { Analytics, Column } from './analytics.ts';
import { nanoseconds, openView } from './file-source.ts';
import { name } from './sql.ts';

interface FeatureStatistics {
  readonly feature: string;
  readonly nulls: number;
  /** About how many different values there are. */
  readonly distinct: number;
  /** Of numbers only. NaN is none of them. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly mean?: number | undefined;
  readonly stddev?: number | undefined;
}

export interface ViewStatistics {
  readonly view: string;
  readonly rows: number;
  /** Milliseconds since 1970; undefined where there are no rows. */
  readonly firstEvent: number | undefined;
  readonly lastEvent: number | undefined;
  readonly features: readonly FeatureStatistics[];
}

const NUMBER = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/;

/** What the history of a view holds, in one pass. @throws as `openView` */
export function viewStatistics(analytics: Analytics, view: FeatureView): Promise<ViewStatistics> {
  return analytics.run(async (connection) => {
    const { source, relation, column } = await openView(connection, view);
    const event = nanoseconds(column(source.timestampField));
    const columns = view.features.map((feature) => column(feature.name));
    const selected = ['count(*)', `min(${event})`, `max(${event})`, ...columns.flatMap(aggregatesOf)];
    const [rows, first, last, ...values] = await connection.row(`select ${selected.join(', ')} from ${relation}`);
    return {
      view: view.name,
      rows: Number(rows),
      firstEvent: milliseconds(first),
      lastEvent: milliseconds(last),
      features: view.features.map(({ name: feature }, i) => {
        const [nulls, distinct, min, max, mean, stddev] = values.slice(i * 6, i * 6 + 6);
        return {
          feature,
          nulls: Number(nulls),
          distinct: Number(distinct),
          min: number(min),
          max: number(max),
          mean: number(mean),
          stddev: number(stddev),
        };
      }),
    };
  });
}

/** Rows of a view's history. @throws as `openView` */
export function countRows(analytics: Analytics, view: FeatureView): Promise<number> {
  return analytics.run(async (connection) => {
    const { relation } = await openView(connection, view);
    const [rows] = await connection.row(`select count(*) from ${relation}`);
    return Number(rows);
  });
}

function aggregatesOf({ name: column, type }: Column): string[] {
  const place = name(column);
  const counts = [`count(*) - count(${place})`, `approx_count_distinct(${place})`];
  if (!NUMBER.test(type)) return [...counts, 'null', 'null', 'null', 'null'];
  const finite = `case when isfinite(${place}::double) then ${place}::double end`;
  return [...counts, `min(${finite})`, `max(${finite})`, `avg(${finite})`, `stddev_samp(${finite})`];
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function milliseconds(nanos: unknown): number | undefined {
  return typeof nanos === 'bigint' ? Number(nanos / 1_000_000n) : undefined;
}
