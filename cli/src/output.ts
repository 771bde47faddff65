import Table from 'cli-table3';
import yoctoSpinner from 'yocto-spinner';

/** Where a command writes: tables for people, JSON for programs. */
export interface Output {
  readonly json: boolean;
  readonly write: (text: string) => void;
  /** For what a person should know beside the result. */
  readonly warn: (text: string) => void;
}

/** Prints a list: JSON as it came, or a table of the chosen columns. */
export function printList<T>(
  output: Output,
  items: readonly T[],
  columns: Readonly<Record<string, (item: T) => unknown>>,
): void {
  if (output.json) {
    output.write(`${JSON.stringify(items, null, 2)}\n`);
    return;
  }
  if (items.length === 0) {
    output.write('none\n');
    return;
  }
  const table = new Table({ head: Object.keys(columns), style: { head: [], border: [], compact: true }, chars: PLAIN });
  for (const item of items) table.push(Object.values(columns).map((column) => shown(column(item))));
  output.write(`${table.toString()}\n`);
}

/** Prints one thing: JSON, or a line for each field. */
export function printOne(output: Output, item: object, fields: Readonly<Record<string, unknown>>): void {
  if (output.json) {
    output.write(`${JSON.stringify(item, null, 2)}\n`);
    return;
  }
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  for (const [name, value] of Object.entries(fields)) output.write(`${name.padEnd(width)}  ${shown(value)}\n`);
}

/** Shows that something is going on, on the terminal's error stream, while a promise runs. */
export async function withProgress<T>(text: string, work: Promise<T>): Promise<T> {
  // What is not a terminal gets neither frames nor colours.
  if (!process.stderr.isTTY) return work;
  const spinner = yoctoSpinner({ text, stream: process.stderr }).start();
  try {
    const result = await work;
    spinner.stop();
    return result;
  } catch (error) {
    spinner.stop();
    throw error;
  }
}

function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};
