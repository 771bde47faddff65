import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  catalogue,
  errorCodes,
  feastError,
  inferenceError,
  mlflowError,
  PlatformError,
  problem,
  toPlatformError,
} from '../src/index.ts';

describe('the catalogue', () => {
  it('and its page list the same codes with the same statuses', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/errors.md'), 'utf8');
    const documented = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [
      code,
      Number(status),
    ]);
    expect(documented).toEqual(Object.entries(catalogue).map(([code, { status }]) => [code, status]));
  });

  it.each(errorCodes)('%s has a form on every wire, and shows nothing internal', (code) => {
    const error = new PlatformError(code, 'what is wrong', { internal: 'secret', field: 'name' });
    for (const form of [mlflowError, inferenceError, feastError, problem]) {
      const wire = form(error, 'request-1');
      expect(wire.status).toBe(catalogue[code].status);
      expect(JSON.stringify(wire.body)).toContain('what is wrong');
      expect(JSON.stringify(wire.body)).not.toContain('secret');
    }
    expect(mlflowError(error).body).toHaveProperty('error_code', expect.any(String));
    expect(problem(error, 'request-1').body).toMatchObject({ code, field: 'name', request_id: 'request-1' });
  });

  it("writes Feast's own errors so that its client finds their class", () => {
    const data = { feast_error: 'PushSourceNotFoundException' };
    const { status, body } = feastError(new PlatformError('NOT_FOUND', "no 'x'", { data }));
    expect(status).toBe(422);
    expect(JSON.parse(String(body))).toEqual({
      module: 'feast.errors',
      class: 'PushSourceNotFoundException',
      message: "no 'x'",
    });
    expect(feastError(new PlatformError('PERMISSION_DENIED', 'no')).body).toContain('FeastPermissionError');
    expect(feastError(new PlatformError('CONFLICT', 'busy', { data: { feature_views: ['v'] } })).body).toEqual({
      detail: 'busy',
      error: 'busy',
      feature_views: ['v'],
    });
  });
});

describe('any thrown value', () => {
  it.each([
    [Object.assign(new Error('x'), { code: 'ENOSPC' }), 'STORAGE_FULL'],
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'DATABASE_UNAVAILABLE'],
    [Object.assign(new Error('x'), { statusCode: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE' }), 'PAYLOAD_TOO_LARGE'],
    [Object.assign(new Error('x'), { statusCode: 400 }), 'MALFORMED_REQUEST'],
    [new Error('inside'), 'INTERNAL'],
    ['text', 'INTERNAL'],
  ])('%s becomes %s', (thrown, code) => {
    expect(toPlatformError(thrown).code).toBe(code);
  });

  it.each(['25006', '57014', '40001', 'ENOTFOUND', 'SQLITE_IOERR', 'SQLITE_READONLY'])(
    'of a database that is away, such as %s, says so',
    (code) => {
      expect(toPlatformError(Object.assign(new Error('x'), { code })).code).toBe('DATABASE_UNAVAILABLE');
    },
  );

  it('keeps the inside of what is not known to itself', () => {
    const error = toPlatformError(new Error('password is hunter2'));
    expect(error.message).not.toContain('hunter2');
    expect(error.internal).toContain('hunter2');
  });
});
