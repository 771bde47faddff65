import type { Stretch } from './materialise/materialiser.ts';
import type { FeatureView, Project } from './model.ts';
import type { HistoricalRequest, HistoricalResult } from './offline/historical.ts';
import type { ViewStatistics } from './offline/statistics.ts';
import type { Frame } from './online/frame.ts';
import type { Filled, Lacking } from './retrieval/enrichment.ts';
import type { OnlineFeatures, OnlineRequest } from './retrieval/online.ts';

/** Rows that arrive one by one, and where they go. */
export interface PushRequest {
  readonly source: string;
  readonly rows: Frame;
  readonly to: 'online' | 'offline' | 'online_and_offline';
  /** Whether the definitions may be those that were read before; default: true. */
  readonly allowRegistryCache?: boolean | undefined;
}

export interface WriteRequest {
  readonly view: string;
  readonly rows: Frame;
  readonly allowRegistryCache?: boolean | undefined;
}

/** What was written, by view: rows that were newer than what was there. */
export interface Written {
  readonly [view: string]: number;
}

export interface MaterializeRequest extends Stretch {
  /** Default: all views that are kept online and have a history. */
  readonly views?: readonly string[] | undefined;
}

export interface IncrementalRequest {
  /** Milliseconds since 1970. */
  readonly end: number;
  readonly views?: readonly string[] | undefined;
}

/** Entity rows that come with the request, by column; all else as with a file of them. */
export interface HistoricalRows extends Omit<HistoricalRequest, 'entities'> {
  readonly entities: Frame;
}

/** A run of materialisation: `views` are known at once. */
export interface Materialisation {
  readonly views: readonly string[];
  /** Ends with the run, by view; rejects as it does. */
  readonly done: Promise<Written>;
}

/** What of a view is in the online store. Milliseconds since 1970. */
export interface MaterialisedInterval {
  readonly view: string;
  readonly start: number;
  readonly doneUntil: number;
  /** What the run was asked for; later than `doneUntil` while it runs, or where it was stopped. */
  readonly end: number;
  readonly rows: number;
}

/** A view, and the event time up to which it is in the online store, in milliseconds since 1970. */
export interface MaterializedUntil {
  readonly project: string;
  readonly view: string;
  readonly until: number;
}

export interface EraseRequest {
  /** A value for each key column of the entity. */
  readonly entity: Readonly<Record<string, unknown>>;
}

/** What was found of an entity, and is gone. */
export interface Erased {
  readonly online: readonly string[];
}

/**
 * A feature store, without HTTP. Refusals are PlatformErrors: NOT_FOUND for views, services and sources that do not
 * exist, INVALID_PARAMETER and MISSING_PARAMETER about a request, INVALID_STATE about a source, NOT_IMPLEMENTED for what
 * Feast computes in Python or reads elsewhere, DATABASE_UNAVAILABLE and STORAGE_FULL from the online store.
 */
export interface FeatureEngine {
  /** What is defined. */
  project(): Project;
  getOnlineFeatures(request: OnlineRequest): Promise<OnlineFeatures>;
  /** Fills what a request to a model lacks from a feature service. @throws NOT_FOUND, MISSING_FEATURES */
  enrich(service: string, request: Lacking): Promise<Filled>;
  /** Writes the result as a Parquet file. */
  getHistoricalFeatures(request: HistoricalRequest, target: string): Promise<HistoricalResult>;
  /** The result as a Parquet file for a moment: the caller deletes it. */
  historicalFile(request: HistoricalRows): Promise<string>;
  /** The result by column, as JSON has the values. */
  historicalColumns(request: HistoricalRows): Promise<Readonly<Record<string, readonly unknown[]>>>;
  push(request: PushRequest): Promise<Written>;
  writeToOnlineStore(request: WriteRequest): Promise<Written>;
  /**
   * Copies the newest rows of a stretch of time into the online store.
   * @param exclusive refused with CONFLICT while one of the views is being materialised; else the run waits for its turn
   */
  materialize(request: MaterializeRequest, exclusive?: boolean): Promise<Materialisation>;
  materializeIncremental(request: IncrementalRequest, exclusive?: boolean): Promise<Materialisation>;
  /** What of a view was materialised, oldest first; all views, where none is named. @throws NOT_FOUND */
  materialisations(view?: string): Promise<readonly MaterialisedInterval[]>;
  /** Rows of a view's history, of any time; the view need not be in force. */
  historyRows(view: FeatureView): Promise<number>;
  /** What the history of a view holds. */
  statistics(view: string): Promise<ViewStatistics>;
  /** Forgets all that the online store keeps of an entity, in all views that have its key. */
  erase(request: EraseRequest): Promise<Erased>;
}

/** The feature stores of all projects of a process. */
export interface FeatureHost {
  /** The store of a project, as it is defined now. */
  readonly engine: (project: string) => Promise<FeatureEngine>;
  /** How far views have been materialised; those that never were are left out. */
  readonly materialized: () => Promise<readonly MaterializedUntil[]>;
  /** Whether features can be served. @throws DATABASE_UNAVAILABLE */
  readonly ping: () => Promise<void>;
  readonly close: () => Promise<void>;
}
