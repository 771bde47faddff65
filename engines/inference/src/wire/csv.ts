import { PlatformError } from '@mlops/errors';

/**
 * Comma-separated text with a header line (RFC 4180) as MLflow's split form. Values stay text, which the model's
 * columns read as their types do; an empty field is a missing value. Empty lines are skipped, as pandas does.
 */
export function readCsv(text: string): { columns: string[]; data: (string | null)[][] } {
  const [header = [], ...rows] = records(text.replace(/^\uFEFF/, ''));
  const odd = rows.findIndex((row) => row.length !== header.length);
  if (odd >= 0) {
    throw new PlatformError(
      'MALFORMED_REQUEST',
      `Row ${odd + 1} of the CSV has ${rows[odd]?.length} fields, its header has ${header.length}.`,
    );
  }
  return {
    columns: header.map((name) => name ?? ''),
    data: rows,
  };
}

const FIELD = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|$)/y;

function records(text: string): (string | null)[][] {
  const all: (string | null)[][] = [];
  let row: (string | null)[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length) {
    const match = FIELD.exec(text);
    if (!match) {
      throw new PlatformError(
        'MALFORMED_REQUEST',
        'The CSV cannot be read: a quote is not closed, or stands inside of a field.',
      );
    }
    const [, quoted, plain = '', end] = match;
    row.push(quoted?.replaceAll('""', '"') ?? (plain === '' ? null : plain));
    if (end === ',') continue;
    if (row.length > 1 || row[0] !== null) all.push(row);
    row = [];
  }
  // The text ended with a comma: an empty field follows it.
  if (row.length > 0) all.push([...row, null]);
  return all;
}
