import { PlatformError } from '@mlops/errors';
import type { Project } from '../model.ts';
import { invalid } from '../refusals.ts';
import { type FeatureSelection, type SelectedView, select } from '../retrieval/selection.ts';
import type { Analytics, Column, Connection } from './analytics.ts';
import { nanoseconds, openView, typed } from './file-source.ts';
import { type JoinedView, pointInTimeSql } from './point-in-time.ts';
import { name, text } from './sql.ts';

export interface HistoricalRequest extends FeatureSelection {
  /** A Parquet file with the key columns, the time of each row, and whatever else: all of it is in the result. */
  readonly entities: string;
  /** The column with the moment of a row; default: event_timestamp, else the only column that is a time. */
  readonly timestampColumn?: string | undefined;
  /**
   * Whether a row of a source counts only from the moment on at which it was made (its `created_timestamp_column`).
   * Without it corrections that came later leak into the past. Default: true; Feast's default is false.
   */
  readonly filterByCreatedTimestamp?: boolean | undefined;
}

export interface HistoricalResult {
  readonly rows: number;
  readonly columns: readonly string[];
}

/**
 * Joins features to entity rows as they were at each row's moment, and writes a Parquet file: the rows in their order,
 * their columns first, then the features in the order of asking.
 * @throws as `select`; INVALID_PARAMETER about the entity rows, INVALID_STATE about a source
 */
export function writeHistorical(
  analytics: Analytics,
  project: Project,
  request: HistoricalRequest,
  target: string,
): Promise<HistoricalResult> {
  const { views, columns } = select(project, request);
  return analytics.run(async (connection) => {
    const entities = `read_parquet(${text(request.entities)})`;
    const given = await connection.columnsOf(entities);
    const moment = momentColumn(given, request.timestampColumn);
    for (const { name: column } of given) {
      if (columns.includes(column)) throw invalid('entities', `the column '${column}' is also the name of a feature.`);
    }
    const sql = pointInTimeSql({
      entities,
      entityColumns: given.map((column) => column.name),
      at: nanoseconds(moment),
      views: await Promise.all(views.map((view) => joinedView(connection, view, given))),
      columns,
      createdCutOff: request.filterByCreatedTimestamp ?? true,
    });
    const [rows] = await connection.row(`copy (${sql}) to ${text(target)} (format parquet, compression zstd)`);
    return { rows: Number(rows), columns: [...given.map((column) => column.name), ...columns] };
  });
}

function momentColumn(columns: readonly Column[], wanted: string | undefined): Column {
  const times = columns.filter(({ type }) => /^(TIMESTAMP|DATE)/.test(type));
  const [only] = times;
  const column =
    columns.find((each) => each.name === (wanted ?? 'event_timestamp')) ??
    (wanted === undefined && times.length === 1 ? only : undefined);
  if (column !== undefined) return column;
  throw new PlatformError(
    'MISSING_PARAMETER',
    `entities: no column '${wanted ?? 'event_timestamp'}' says the moment of each row; there are ${columns
      .map((each) => each.name)
      .join(', ')}.`,
    { field: 'entities' },
  );
}

async function joinedView(
  connection: Connection,
  { view, joinKeyMap, features }: SelectedView,
  given: readonly Column[],
): Promise<JoinedView> {
  const { source, relation, column } = await openView(connection, view);
  const keys = view.entities.length === 0 ? [] : view.joinKeys;
  return {
    relation,
    keys: keys.map(({ name: key, type }) => {
      const wanted = joinKeyMap[key] ?? key;
      const ofEntity = given.find((each) => each.name === wanted);
      if (ofEntity === undefined)
        throw invalid('entities', `the key column '${wanted}' of view '${view.name}' is missing.`);
      return { ofView: typed(column(key), type), ofEntity: typed(ofEntity, type) };
    }),
    event: nanoseconds(column(source.timestampField)),
    created:
      source.createdTimestampColumn === undefined ? undefined : nanoseconds(column(source.createdTimestampColumn)),
    features: features.map(({ feature, column: result }) => ({
      expression: name(column(feature.name).name),
      column: result,
    })),
    ttlSeconds: view.ttlSeconds,
  };
}
