// Values that programs stumble over, and that some field of some request might take.

export const TEXTS = [
  ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf', 'prototype', '', ' ', '\u0000', 'a\u0000b'],
  ['\ud800', '\udfff x', '\u202e', '🙂'.repeat(50), 'ü', '%00', '%2e%2e%2f', '../../etc/passwd', '/', '\\', '.', '..'],
  ["'; drop table runs; --", "'", '"', '`', '%', '_', '{}', '[object Object]', 'null', 'undefined', 'NaN', '-1', '0'],
  ['1e300', '9007199254740993', '9223372036854775808', '99999999999999999999', '1.5', 'true', 'x'.repeat(300)],
  ['y'.repeat(8000), '2026-13-45T99:99:99Z', '2026-01-01', '+275760-09-13T00:00:00.001Z', 'FILE:///etc', 'models:/'],
  ['models:/flight-delays/99999999999', 'models:/m-x', 'runs:/x/y', 'mlflow-artifacts:/x', 'm-nope', 'latest', 'v1'],
].flat();
export const FILTERS = [
  ["constructor.a = 'x'", 'metrics.toString > 1e400', 'start_time > 1.5', 'start_time = 1e300', "name LIKE '%_%'"],
  ["tags.`__proto__` = '\u0000'", 'metrics.a > 9223372036854775808', "run_id IN ('a','b')", 'version_number > 1.5'],
  [
    'version_number = 1e300',
    'creation_time < -1e308',
    "params.a ILIKE '%\\'",
    "a = 'b' AND ".repeat(300),
    '((((',
    "''",
  ],
  [Array.from({ length: 150 }, (_, i) => `metrics.m${i} > 0`).join(' AND '), 'end_time != 9007199254740993'],
  ["dataset.name = 'x'", "dataset.context LIKE '%'", 'metrics.`a b` = -0', `name = '${'n'.repeat(9000)}'`],
].flat();
export const ORDERS = [
  'constructor',
  'toString DESC',
  'metrics.a',
  'name',
  'start_time ASC',
  '__proto__',
  'metrics.`',
  'a b c d',
];
export const NUMBERS = [
  [0, -0, 1, -1, 0.5, 1e300, -1e300, 5e-324, 2 ** 31, 2 ** 31 - 1, -(2 ** 31), 2 ** 32, 2 ** 53, 2 ** 53 - 1],
  [-(2 ** 53), 2 ** 63, 2 ** 64, 1e21, 8.64e15, 8.64e15 + 1, 1000, 1001, 50_000, 50_001],
].flat();
/** What JSON.stringify cannot write. */
export const RAW = [
  'NaN',
  'Infinity',
  '-Infinity',
  '1e400',
  '-1e400',
  '01',
  '1.',
  '+1',
  "'x'",
  '"\\ud800"',
  '"\\u0000"',
  '-',
  '',
];
export const TOKENS = [
  'Bearer',
  'Bearer x',
  'Basic ===',
  'Bearer null',
  `Bearer ${'a'.repeat(4000)}`,
  'Bearer a.b.c',
  '',
];
export const TYPES = [
  'text/plain',
  'text/csv',
  'application/xml',
  'application/json; charset=utf-16',
  'multipart/form-data',
  ';;',
  'x',
];
export const PATHS = [
  ['/', '/docs', '/docs/errors', '/openapi.json', '/health', '/healthz', '/readyz', '/metrics', '/version'],
  ['/api/v1/audit/export', '/api/3.0/mlflow/server-info', '/nowhere', '/api/v1', '/api/2.0/mlflow', '//', '/%', '/%ff'],
].flat();
export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
