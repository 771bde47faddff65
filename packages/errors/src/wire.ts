import { catalogue, type ErrorCode } from './catalogue.ts';
import type { PlatformError } from './platform-error.ts';

/** An error as one protocol writes it. */
export interface WireError {
  readonly status: number;
  readonly contentType: string;
  /** Sent as JSON. */
  readonly body: Readonly<Record<string, unknown>> | string;
}

export type ErrorFormat = (error: PlatformError, requestId?: string) => WireError;

/** MLflow's names; what it would answer with a 5xx although the caller is wrong keeps our 4xx. */
const MLFLOW_CODES: Partial<Record<ErrorCode, string>> = {
  MALFORMED_REQUEST: 'BAD_REQUEST',
  MISSING_PARAMETER: 'INVALID_PARAMETER_VALUE',
  INVALID_PARAMETER: 'INVALID_PARAMETER_VALUE',
  INVALID_STATE: 'INVALID_PARAMETER_VALUE',
  INVALID_TENSOR: 'BAD_REQUEST',
  INVALID_MODEL: 'INVALID_PARAMETER_VALUE',
  INVALID_PATH: 'INVALID_PARAMETER_VALUE',
  ALREADY_EXISTS: 'RESOURCE_ALREADY_EXISTS',
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  PERMISSION_DENIED: 'PERMISSION_DENIED',
  FOREIGN_HOST: 'PERMISSION_DENIED',
  NOT_FOUND: 'RESOURCE_DOES_NOT_EXIST',
  ROUTE_NOT_FOUND: 'ENDPOINT_NOT_FOUND',
  SLOW_BODY: 'DEADLINE_EXCEEDED',
  CONFLICT: 'RESOURCE_CONFLICT',
  DIGEST_MISMATCH: 'RESOURCE_CONFLICT',
  GATE_REFUSED: 'RESOURCE_CONFLICT',
  QUOTA_EXCEEDED: 'RESOURCE_EXHAUSTED',
  OVERLOADED: 'REQUEST_LIMIT_EXCEEDED',
  RATE_LIMITED: 'REQUEST_LIMIT_EXCEEDED',
  TOO_MANY_ATTEMPTS: 'REQUEST_LIMIT_EXCEEDED',
  INTERNAL: 'INTERNAL_ERROR',
  NOT_IMPLEMENTED: 'NOT_IMPLEMENTED',
  UPSTREAM_FAILED: 'TEMPORARILY_UNAVAILABLE',
  NOT_READY: 'TEMPORARILY_UNAVAILABLE',
  DATABASE_UNAVAILABLE: 'TEMPORARILY_UNAVAILABLE',
  TIMEOUT: 'DEADLINE_EXCEEDED',
};

const json = 'application/json';

/** MLflow's REST form: {"error_code", "message"}. A missing error_code would read as INTERNAL_ERROR in its client. */
export const mlflowError: ErrorFormat = (error) => ({
  status: error.status,
  contentType: json,
  body: { error_code: MLFLOW_CODES[error.code] ?? 'BAD_REQUEST', message: error.message },
});

/** KServe V1 and the Open Inference Protocol: {"error"}. Its client reads it only if the type is exactly application/json. */
export const inferenceError: ErrorFormat = (error) => ({
  status: error.status,
  contentType: json,
  body: { error: error.message },
});

/** Statuses that Feast gives an error of its own, where they are not those of our code. */
const FEAST_STATUSES: Readonly<Record<string, number>> = { PushSourceNotFoundException: 422 };

/**
 * Feast's feature server. Its own errors (`data.feast_error` names the class) are JSON inside of a JSON string, from which
 * Feast's client builds the exception again; all others are {"detail"}, a conflict tells its data as well.
 */
export const feastError: ErrorFormat = ({ code, status, message, data }) => {
  const feastClass = code === 'PERMISSION_DENIED' ? 'FeastPermissionError' : data?.feast_error;
  if (typeof feastClass === 'string') {
    const body = JSON.stringify({ module: 'feast.errors', class: feastClass, message });
    return { status: FEAST_STATUSES[feastClass] ?? status, contentType: json, body };
  }
  const conflict = code === 'CONFLICT' ? { error: message, ...data } : {};
  return { status, contentType: json, body: { detail: message, ...conflict } };
};

/** RFC 9457, for the platform's own API. */
export const problem: ErrorFormat = (error, requestId) => ({
  status: error.status,
  contentType: 'application/problem+json',
  body: {
    type: `/docs/errors#${error.code.toLowerCase().replaceAll('_', '-')}`,
    title: catalogue[error.code].title,
    status: error.status,
    detail: error.message,
    code: error.code,
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...error.data,
  },
});
