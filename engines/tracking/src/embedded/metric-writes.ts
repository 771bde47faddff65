import type { DialectName } from '@mlops/database';
import { type Compilable, CompiledQuery } from 'kysely';
import type { MetricInput } from '../messages.ts';

const LARGEST = Number.MAX_VALUE;

interface Point {
  readonly key: string;
  readonly step: number;
  readonly timestamp: number;
  readonly value: number;
  readonly is_nan: 0 | 1;
}

/** What can be stored: NaN as a mark, infinities as the largest number, as MLflow does. */
export function toPoint({ key, value, timestamp, step = 0 }: MetricInput): Point {
  if (Number.isNaN(value)) return { key, step, timestamp, value: 0, is_nan: 1 };
  return { key, step, timestamp, value: Math.min(Math.max(value, -LARGEST), LARGEST), is_nan: 0 };
}

/**
 * The statements that store points of one active run: the history, where an exact duplicate changes nothing, and the
 * latest of each key by (step, timestamp, value). Written as text: building a thousand rows with the query builder
 * took longer than storing them.
 */
export function metricWrites(dialect: DialectName, runId: string, points: readonly Point[]): Compilable[] {
  const history = statement(dialect, runId, points, 'metrics', 'on conflict do nothing');
  const latest = statement(
    dialect,
    runId,
    latestOf(points),
    'latest_metrics',
    `on conflict (run, key) do update set
       step = excluded.step, timestamp = excluded.timestamp, value = excluded.value, is_nan = excluded.is_nan
     where (excluded.step, excluded.timestamp, excluded.value)
         > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)`,
  );
  return [history, latest];
}

function statement(
  dialect: DialectName,
  runId: string,
  points: readonly Point[],
  table: string,
  onConflict: string,
): Compilable {
  const parameters: unknown[] = [];
  for (const { key, step, timestamp, value, is_nan } of points) parameters.push(key, step, timestamp, value, is_nan);
  const idPlace = dialect === 'postgres' ? `$${parameters.length + 1}` : '?';
  const text = `insert into ${table} (run, key, step, timestamp, value, is_nan)
    select r.id, v.column1, v.column2, v.column3, v.column4, v.column5
    from runs r, (values ${places(dialect, points.length)}) v
    where r.run_id = ${idPlace} and r.lifecycle_stage = 'active' ${onConflict}`;
  return { compile: () => CompiledQuery.raw(text, [...parameters, runId]) };
}

const SQLITE_ROW = '(?,?,?,?,?)';

function places(dialect: DialectName, rows: number): string {
  if (dialect === 'sqlite') return Array.from({ length: rows }, () => SQLITE_ROW).join(',');
  const row = (i: number) => {
    const p = i * 5;
    return `($${p + 1}::text,$${p + 2}::bigint,$${p + 3}::bigint,$${p + 4}::float8,$${p + 5}::bigint)`;
  };
  return Array.from({ length: rows }, (_, i) => row(i)).join(',');
}

function latestOf(points: readonly Point[]): Point[] {
  const latest = new Map<string, Point>();
  for (const point of points) {
    const known = latest.get(point.key);
    if (!known || isLater(point, known)) latest.set(point.key, point);
  }
  return [...latest.values()];
}

function isLater(a: Point, b: Point): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  return a.value > b.value;
}
