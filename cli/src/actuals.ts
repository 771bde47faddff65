import type { Command } from 'commander';
import { type CastingContext, parse as parseCsv } from 'csv-parse/sync';
import { CommandError } from './connection.ts';
import type { Context } from './context.ts';
import { readText } from './files.ts';
import { printOne } from './output.ts';

type Value = number | string | boolean;

interface Actual {
  readonly prediction_id?: string;
  readonly key?: string;
  readonly value: Value;
  readonly time?: string;
}

interface Options {
  readonly id?: string;
  readonly key?: string;
  readonly time?: string;
  readonly file?: string;
}

/** The platform takes no more in one request. */
const BATCH = 1000;
/** Unknown ids that an error message names. */
const SHOWN = 10;
const COLUMNS = ['prediction_id', 'key', 'value', 'time'];

/** actuals attach */
export function actualsCommands(program: Command, context: Context): void {
  const actuals = program.command('actuals').description('what turned out to be true');
  actuals
    .command('attach')
    .description('attach ground truth to predictions: one by its id or key, or all of a file')
    .argument('<name>', 'name of the deployment')
    .argument('[value]', 'the truth: a number, true, false or text')
    .option('--id <id>', 'id of the prediction')
    .option('--key <key>', 'key of the prediction')
    .option('--time <time>', 'when the truth became known (RFC 3339); default: now')
    .option('--file <path>', `.json: a list of objects, or .csv with a header: ${COLUMNS.join(', ')}`)
    .action(async (name: string, value: string | undefined, options: Options) => {
      const all = options.file === undefined ? [single(value, options)] : await readActuals(options.file);
      const { platform, data } = context.connection();
      let accepted = 0;
      const unknown: string[] = [];
      for (let at = 0; at < all.length; at += BATCH) {
        const body = { actuals: all.slice(at, at + BATCH) };
        const path = '/api/v1/deployments/{name}/actuals';
        const answer = await data(platform.POST(path, { params: { path: { name } }, body }));
        accepted += answer.accepted;
        unknown.push(...answer.unknown);
      }
      printOne(context.output(), { accepted, unknown }, { accepted });
      if (unknown.length > 0) throw new CommandError(unknownOnes(name, unknown));
    });
}

/** What was not attached: all of it in the JSON output, the first ones here. */
function unknownOnes(name: string, ids: readonly string[]): string {
  const shown = ids.slice(0, SHOWN).join(', ');
  const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : '';
  return `The log of '${name}' has no predictions with these ids, and nothing was attached to them: ${shown}${more}.`;
}

function single(value: string | undefined, { id, key, time }: Options): Actual {
  if (value === undefined || (id === undefined) === (key === undefined)) {
    throw new CommandError('Give a value with either --id or --key, or a file with --file.');
  }
  return {
    ...(id === undefined ? { key: key ?? '' } : { prediction_id: id }),
    value: valueOf(value),
    ...(time === undefined ? {} : { time }),
  };
}

/** Numbers and truth values as such; all else is text. */
function valueOf(text: string): Value {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : text;
}

async function readActuals(file: string): Promise<Actual[]> {
  const content = await readText(file);
  try {
    const found = file.endsWith('.csv') ? fromCsv(content) : fromJson(content);
    if (found.length === 0) throw new Error('it holds no actuals');
    return found;
  } catch (error) {
    throw new CommandError(`${file} cannot be used: ${(error as Error).message.replace(/\.$/, '')}.`, { cause: error });
  }
}

function fromJson(content: string): Actual[] {
  const parsed = JSON.parse(content) as { actuals?: Actual[] } | Actual[] | null;
  const list = Array.isArray(parsed) ? parsed : parsed?.actuals;
  if (!Array.isArray(list)) throw new Error('it is neither a list nor {"actuals": […]}');
  return list;
}

function fromCsv(content: string): Actual[] {
  return parseCsv<Actual>(content, {
    bom: true,
    columns: (header: string[]) => {
      const unknown = header.find((name) => !COLUMNS.includes(name));
      if (unknown !== undefined || !header.includes('value'))
        throw new Error('its header must name value and key or prediction_id, and may name time');
      return header;
    },
    skip_empty_lines: true,
    on_record: (record: Actual) =>
      Object.fromEntries(Object.entries(record).filter(([, value]) => value !== '')) as unknown as Actual,
    cast: (value: string, { column }: CastingContext) => (column === 'value' ? valueOf(value) : value),
  });
}
