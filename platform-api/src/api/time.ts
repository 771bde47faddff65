import { PlatformError } from '@mlops/errors';

/** Milliseconds since 1970 of an RFC 3339 time. @throws INVALID_PARAMETER that names the field */
export function parseTime(field: string, value: string): number {
  const parsed = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(parsed)) {
    throw new PlatformError('INVALID_PARAMETER', `'${field}' is not a time such as 2026-06-30T12:00:00Z.`, { field });
  }
  return parsed;
}
