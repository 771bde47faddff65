import type { KeyType, ValueType } from './values/value-type.ts';

// What is defined, in one form, whether it was written as YAML or by Feast.

/** How much a feature says about a person: nothing, personal data, health data. */
export const piiClasses = ['none', 'pii', 'phi'] as const;
export type PiiClass = (typeof piiClasses)[number];

/** What everything that is defined says about itself. */
export interface Described {
  readonly name: string;
  readonly description: string;
  readonly owner: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Entity extends Described {
  readonly joinKey: string;
  readonly type: KeyType;
}

export interface Feature {
  readonly name: string;
  readonly type: ValueType;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly pii: PiiClass;
  /** What a deployment takes where there is no value; undefined: its request is refused. */
  readonly default?: string | number | boolean | null | undefined;
}

/** A Parquet file, or a folder of them. */
export interface FileSource extends Described {
  readonly kind: 'file';
  /** Absolute, or a URL that DuckDB reads (`s3://…`). */
  readonly path: string;
  readonly timestampField: string;
  /** Undefined where the source does not say when a row was made. */
  readonly createdTimestampColumn: string | undefined;
  /** Columns of the source whose feature or key has another name. */
  readonly fieldMapping: Readonly<Record<string, string>>;
}

/** Rows that arrive by /push. */
export interface PushSource extends Described {
  readonly kind: 'push';
  readonly batchSource: string | undefined;
}

/** A source that Feast knows and this engine does not read: its views are served online as they are. */
export interface ForeignSource extends Described {
  readonly kind: 'foreign';
  /** Feast's word: BATCH_REDSHIFT, STREAM_KAFKA, … */
  readonly type: string;
}

export type DataSource = FileSource | PushSource | ForeignSource;

/** A column of a view's key. */
export interface JoinKey {
  readonly name: string;
  readonly type: KeyType;
}

export interface FeatureView extends Described {
  /** Names of the entities; empty for a view that has one row for all. */
  readonly entities: readonly string[];
  /** The columns of the key; of a view without entities the one that Feast keeps it by. */
  readonly joinKeys: readonly JoinKey[];
  readonly features: readonly Feature[];
  /** How old a value may be, in seconds; 0: any age. */
  readonly ttlSeconds: number;
  readonly online: boolean;
  readonly pii: PiiClass;
  readonly batchSource: FileSource | ForeignSource | undefined;
  /** The source by which rows arrive one by one. */
  readonly streamSource: PushSource | ForeignSource | undefined;
  /** How often it is materialised by itself, in seconds; undefined: when it is asked for. */
  readonly materializeEverySeconds: number | undefined;
  /** What Feast has already materialised, up to this moment (milliseconds since 1970). */
  readonly materializedUntil: number | undefined;
}

/** A view as a feature service uses it: under another name, by other keys, with some of its features. */
export interface Projection {
  readonly view: string;
  /** The name that its features carry in full names. */
  readonly name: string;
  readonly features: readonly string[];
  /** The view's key column → the column of the request that carries it. */
  readonly joinKeyMap: Readonly<Record<string, string>>;
}

export interface FeatureService extends Described {
  readonly projections: readonly Projection[];
}

/** All that is defined in one project. */
export interface Project {
  readonly name: string;
  readonly entities: ReadonlyMap<string, Entity>;
  readonly sources: ReadonlyMap<string, DataSource>;
  readonly views: ReadonlyMap<string, FeatureView>;
  readonly services: ReadonlyMap<string, FeatureService>;
  /** Views that compute in Python when they are asked: known, not served. */
  readonly onDemandViews: ReadonlySet<string>;
}

export function featureOf(view: FeatureView, name: string): Feature | undefined {
  return view.features.find((feature) => feature.name === name);
}
