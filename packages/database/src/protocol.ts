/** What the main thread and a SQLite thread say to each other. */

export type SqlValue = string | number | bigint | null | Uint8Array;

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

export type Request =
  | { readonly kind: 'run'; readonly statements: readonly Statement[] }
  /** Ends the open transaction. `more`: another one waits, so the commit may wait for it. */
  | { readonly kind: 'end'; readonly keep: boolean; readonly more: boolean }
  | { readonly kind: 'close' };

/** Rows as arrays: copying column names with each row between threads would cost more than the rows. */
export interface StatementResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
  readonly changes: number;
}

export interface ConnectionSetup {
  readonly path: string;
  readonly role: 'writer' | 'reader';
}
