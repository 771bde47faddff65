import { catalogue, type ErrorCode } from './catalogue.ts';

interface Details {
  /** For the log only: never leaves the server. */
  readonly internal?: string;
  /** The parameter that is wrong, as the caller wrote it. */
  readonly field?: string;
  /** Facts for programs (used, limit, requested …); sent with problem+json. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** An error with two messages: `message` for the caller, `internal` for the log. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly code: ErrorCode;
  readonly internal: string | undefined;
  readonly field: string | undefined;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, publicMessage: string, details: Details = {}) {
    super(publicMessage, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.internal = details.internal;
    this.field = details.field;
    this.data = details.data;
  }

  /** The HTTP status of the code. */
  get status(): number {
    return catalogue[this.code].status;
  }
}

const DISK_FULL = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL', '53100']);
/** What drivers report when the database is away, starts or stops, is out of connections or memory, or takes no writes now. */
const DATABASE_AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  '57P01',
  '57P02',
  '57P03',
  '08006',
  '08001',
  '53200',
  '53300',
  '57014',
  '57P05',
  '25006',
  '28P01',
  '40001',
  '40P01',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'SQLITE_IOERR',
  'SQLITE_READONLY',
  'SQLITE_CANTOPEN',
  'SQLITE_BUSY',
]);
/** What it reports without a code. */
const DATABASE_AWAY_MESSAGE =
  /^Connection terminated|^timeout exceeded when trying to connect|^Client has encountered a connection error/;
const DATABASE_DAMAGED = new Set(['SQLITE_CORRUPT', 'SQLITE_NOTADB']);
const BODY_ERRORS: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
};

/** Any thrown value as a PlatformError; what is not known becomes INTERNAL, whose message tells nothing about the inside. */
export function toPlatformError(thrown: unknown): PlatformError {
  if (thrown instanceof PlatformError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  if (typeof code === 'string' && DISK_FULL.has(code)) {
    return new PlatformError('STORAGE_FULL', 'There is no space left on the disk; nothing was stored.', {
      cause: error,
    });
  }
  if (typeof code === 'string' && DATABASE_DAMAGED.has(code)) {
    const message = `The database file is damaged (${error.message}); restore it from a backup.`;
    return new PlatformError('DATABASE_UNAVAILABLE', message, { cause: error });
  }
  if ((typeof code === 'string' && DATABASE_AWAY.has(code)) || DATABASE_AWAY_MESSAGE.test(error.message)) {
    return new PlatformError('DATABASE_UNAVAILABLE', 'The database cannot be reached; try again.', { cause: error });
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    const known = (typeof code === 'string' && BODY_ERRORS[code]) || 'MALFORMED_REQUEST';
    return new PlatformError(known, error.message, { cause: error });
  }
  const internal = error.stack ?? error.message;
  return new PlatformError('INTERNAL', 'The server failed; its log has the details.', { cause: error, internal });
}

/** Somebody asked how a program is called: no failure, but nothing is started. */
export class HelpAsked extends Error {
  override readonly name = 'HelpAsked';
}
