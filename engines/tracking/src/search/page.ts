import { PlatformError } from '@mlops/errors';

export interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** A page's limit and offset from a request. MLflow's token is base64 of {"offset": N}; clients keep it as it is. */
export function pageOf(
  maxResults: number | undefined,
  token: string | undefined,
  bounds: { readonly fallback: number; readonly max: number },
): Page {
  const limit = maxResults ?? bounds.fallback;
  if (limit < 1 || limit > bounds.max) {
    const message = `Invalid value ${limit} for parameter 'max_results' supplied: it must be a positive integer of at most ${bounds.max}.`;
    throw new PlatformError('INVALID_PARAMETER', message, { field: 'max_results' });
  }
  return { limit, offset: offsetOf(token) };
}

function offsetOf(token: string | undefined): number {
  if (token === undefined || token === '') return 0;
  let offset: unknown;
  try {
    offset = (JSON.parse(Buffer.from(token, 'base64').toString('utf8')) as { offset?: unknown }).offset;
  } catch {
    offset = undefined;
  }
  if (typeof offset !== 'number' || !Number.isSafeInteger(offset) || offset < 0) {
    throw new PlatformError('INVALID_PARAMETER', 'Invalid page token, could not base64-decode it to an offset.', {
      field: 'page_token',
    });
  }
  return offset;
}

/** Splits `limit + 1` rows into a page and the token of the next. */
export function splitPage<T>(
  rows: readonly T[],
  { limit, offset }: Page,
): { items: T[]; next: { next_page_token?: string } } {
  if (rows.length <= limit) return { items: [...rows], next: {} };
  const token = Buffer.from(JSON.stringify({ offset: offset + limit })).toString('base64');
  return { items: rows.slice(0, limit), next: { next_page_token: token } };
}
