import type { Instant } from '../values/instant.ts';

/** Some features of a view, in an order. A store may keep what it derives from such an object beside it. */
export interface ViewFeatures {
  readonly view: string;
  readonly features: readonly string[];
}

/** A row to be written: its values stand in the order of the view's features. */
export interface WrittenRow {
  /** The serialized entity key, without the project. */
  readonly key: Buffer;
  /** Serialized values; no bytes: null. */
  readonly values: readonly Uint8Array[];
  readonly event: Instant;
}

/** What a view keeps under keys, by column. */
export interface StoredView {
  /** For each key the time of its row; undefined: there is none. */
  readonly events: readonly (Instant | undefined)[];
  /**
   * For each feature, in the order asked for, the values of the keys. No bytes: null was stored. Undefined: this feature
   * was never written.
   */
  readonly values: readonly (readonly (Uint8Array | undefined)[])[];
}

/**
 * Where the newest row of every key is kept. Refusals are PlatformErrors: DATABASE_UNAVAILABLE where the store is away,
 * STORAGE_FULL where it takes no more.
 */
export interface OnlineStore {
  /** What views that share a key keep under some keys, all at once. */
  read(project: string, keys: readonly Buffer[], views: readonly ViewFeatures[]): Promise<readonly StoredView[]>;
  /**
   * Writes rows, each as a whole or not at all, and only where its event is later than that of the row which is there;
   * answers how many were. What was written is durable as far as the store is.
   */
  write(project: string, view: ViewFeatures, rows: readonly WrittenRow[]): Promise<number>;
  /** Forgets what the views keep under a key; answers the views that had something. */
  erase(project: string, key: Buffer, views: readonly ViewFeatures[]): Promise<readonly string[]>;
  /** Whether the store answers. @throws DATABASE_UNAVAILABLE */
  ping(): Promise<void>;
  close(): Promise<void>;
}
