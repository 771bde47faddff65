/** SQLite's primary result codes and PostgreSQL's SQLSTATEs by one set of names. */
const SQLITE_CODES: Record<number, string> = {
  5: 'SQLITE_BUSY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  26: 'SQLITE_NOTADB',
};
const SQLITE_UNIQUE = new Set([1555, 2067]);
const SQLITE_FOREIGN_KEY = 787;
/** SQLite reports a full disk also as an I/O error: while it writes, flushes, truncates, or grows its shared memory. */
const SQLITE_IO_FULL = new Set([778, 1034, 1290, 1546, 4874]);

export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** An error of SQLite by its extended result code (https://sqlite.org/rescode.html). */
export function databaseError(message: string, errcode: number): DatabaseError {
  if (SQLITE_UNIQUE.has(errcode)) return new DatabaseError(message, '23505');
  if (errcode === SQLITE_FOREIGN_KEY) return new DatabaseError(message, '23503');
  if (SQLITE_IO_FULL.has(errcode)) return new DatabaseError(message, 'SQLITE_FULL');
  return new DatabaseError(message, SQLITE_CODES[errcode & 0xff] ?? `SQLITE_${errcode}`);
}

/** Whether a statement failed because a row with the same unique key exists, on either database. */
export function isUniqueViolation(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '23505';
}
