import { name } from './sql.ts';

/** One view as the join takes it: SQL expressions over its relation. */
export interface JoinedView {
  readonly relation: string;
  /** Of the view, and of the entity rows: compared as equal. */
  readonly keys: readonly { readonly ofView: string; readonly ofEntity: string }[];
  /** Nanoseconds since 1970. */
  readonly event: string;
  /** Nanoseconds since 1970; undefined where the source does not say. */
  readonly created: string | undefined;
  readonly features: readonly { readonly expression: string; readonly column: string }[];
  /** 0: any age. */
  readonly ttlSeconds: number;
}

export interface PointInTimeJoin {
  /** A relation with the entity rows. */
  readonly entities: string;
  /** Its columns, in order. */
  readonly entityColumns: readonly string[];
  /** The moment of an entity row, in nanoseconds since 1970. */
  readonly at: string;
  readonly views: readonly JoinedView[];
  /** The result's features, in order. */
  readonly columns: readonly string[];
  /** Whether a row counts only from the moment on at which it was made: what was corrected later is not known before. */
  readonly createdCutOff: boolean;
}

/** 2^64: room for the time of making behind the time of the event, so that one number orders rows by both. */
const ROOM = '18446744073709551616::hugeint';
const HALF_ROOM = '9223372036854775808::hugeint';

/**
 * The join as one query, in the order of the entity rows, each of them once. For an entity row at T the row of a view is
 * the one with T − ttl ≤ event ≤ T that has the latest event, and of those the latest time of making.
 */
export function pointInTimeSql(join: PointInTimeJoin): string {
  const parts = join.views.map((view, i) => partsOf(view, i, join.createdCutOff));
  const keys = join.views.flatMap((view, i) => view.keys.map(({ ofEntity }, j) => `${ofEntity} as e${i}_${j}`));
  const at = `${join.at} as "__at"`;
  const entities = `e as materialized (select *, row_number() over () as "__row", ${[at, ...keys].join(', ')} from ${join.entities})`;
  const features = new Map(parts.flatMap(({ columns }) => [...columns]));
  const selected = [
    ...join.entityColumns.map((column) => `e.${name(column)}`),
    ...join.columns.map((column) => `${features.get(column)} as ${name(column)}`),
  ];
  return [
    `with ${[entities, ...parts.flatMap(({ tables }) => tables)].join(',\n')}`,
    `select ${selected.join(', ')}`,
    'from e',
    ...parts.flatMap(({ joins }) => joins),
    'order by e."__row"',
  ].join('\n');
}

interface Parts {
  readonly tables: readonly string[];
  readonly joins: readonly string[];
  /** The result's column → its expression. */
  readonly columns: ReadonlyMap<string, string>;
}

function partsOf(view: JoinedView, i: number, createdCutOff: boolean): Parts {
  const { keys, created, features, ttlSeconds } = view;
  const order =
    created === undefined
      ? 'event'
      : `event::hugeint * ${ROOM} + coalesce(created, -9223372036854775807) + ${HALF_ROOM}`;
  const selected = [
    ...keys.map(({ ofView }, j) => `${ofView} as k${j}`),
    `${view.event} as event`,
    ...(created === undefined ? [] : [`${created} as created`]),
    ...features.map(({ expression }, j) => `${expression} as f${j}`),
  ];
  const rows = `v${i} as (select *, ${order} as ord from (select ${selected.join(', ')} from ${view.relation}) where event is not null)`;
  const equal = (entity: string) => keys.map((_, j) => `${entity}.e${i}_${j} = v${i}.k${j}`);
  const until = created === undefined ? 'e."__at"' : `e."__at"::hugeint * ${ROOM} + ${ROOM} - 1`;
  const asof = `asof left join v${i} on ${[...equal('e'), `${until} >= v${i}.ord`].join(' and ')}`;
  const oldest = `${Math.round(ttlSeconds * 1e9)}`;
  const isFresh = (at: string, event: string) =>
    ttlSeconds === 0 ? `${event} is not null` : `${at} - ${event} <= ${oldest}`;
  if (created === undefined || !createdCutOff) {
    const fresh = isFresh('e."__at"', `v${i}.event`);
    const columns = features.map(({ column }, j) => [column, `case when ${fresh} then v${i}.f${j} end`] as const);
    return { tables: [rows], joins: [asof], columns: new Map(columns) };
  }
  // The newest row is the right one wherever it was made in time. For the others all of their rows are looked through.
  const values = features.map((_, j) => `v${i}.f${j}`);
  const entityKeys = keys.map((_, j) => `e.e${i}_${j}`);
  const matched = [`e."__row"`, `e."__at"`, ...entityKeys, `v${i}.event`, `v${i}.created`, ...values];
  const tables = [
    rows,
    `m${i} as materialized (select ${matched.join(', ')} from e ${asof})`,
    `late${i} as materialized (select * from m${i} where event is not null and (created is null or created > "__at"))`,
    `r${i} as (select late${i}."__row", v${i}.event, ${values.join(', ')} from late${i} join v${i} on ${[
      ...equal(`late${i}`),
      `v${i}.event <= late${i}."__at"`,
      `v${i}.created <= late${i}."__at"`,
    ].join(' and ')} qualify row_number() over (partition by late${i}."__row" order by v${i}.ord desc) = 1)`,
  ];
  const joins = [
    `left join m${i} on e."__row" = m${i}."__row"`,
    `left join late${i} on e."__row" = late${i}."__row"`,
    `left join r${i} on e."__row" = r${i}."__row"`,
  ];
  const columns = features.map(({ column }, j) => {
    const replaced = `case when ${isFresh('e."__at"', `r${i}.event`)} then r${i}.f${j} end`;
    const first = `case when ${isFresh('e."__at"', `m${i}.event`)} then m${i}.f${j} end`;
    return [column, `case when late${i}."__row" is not null then ${replaced} else ${first} end`] as const;
  });
  return { tables, joins, columns: new Map(columns) };
}
