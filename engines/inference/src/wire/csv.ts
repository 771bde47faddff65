import { PlatformError } from '@mlops/errors';

/** Comma-separated text with a header line (RFC 4180) as MLflow's split form; numbers and empty fields are read as such. */
export function readCsv(text: string): { columns: string[]; data: (string | number | null)[][] } {
  const [columns = [], ...rows] = records(text);
  const odd = rows.findIndex((row) => row.length !== columns.length);
  if (odd >= 0)
    throw new PlatformError(
      'MALFORMED_REQUEST',
      `Line ${odd + 2} of the CSV has another number of fields than its header.`,
    );
  return { columns: columns.map(({ text: name }) => name), data: rows.map((row) => row.map(toValue)) };
}

interface Field {
  readonly text: string;
  readonly quoted: boolean;
}

const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

function records(text: string): Field[][] {
  const all: Field[][] = [];
  let row: Field[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length) {
    const match = FIELD.exec(text);
    if (!match) throw new PlatformError('MALFORMED_REQUEST', 'The CSV cannot be read: a quote is not closed.');
    const [, quoted, plain, end] = match;
    row.push({ text: quoted?.replaceAll('""', '"') ?? plain ?? '', quoted: quoted !== undefined });
    if (end === ',') continue;
    all.push(row);
    row = [];
  }
  if (row.length > 0) all.push([...row, { text: '', quoted: false }]);
  return all;
}

function toValue({ text, quoted }: Field): string | number | null {
  if (quoted) return text;
  if (text === '') return null;
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}
