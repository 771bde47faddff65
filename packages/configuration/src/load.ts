import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HelpAsked, PlatformError } from '@mlops/errors';
import { closest } from 'fastest-levenshtein';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { type Program, programs, type SettingName, type SettingsOf, settings } from './schema.ts';

const ENVIRONMENT_PREFIX = 'MLOPS_';
/** Variables of this prefix that are not settings of a program: the CLI's address, token and team, and what the tests go by. */
const OTHER_VARIABLES = /^MLOPS_(URL$|TOKEN$|TEAM$|TOOL_|TESTS?_|ROUNDS$|SEED$|CRDS_DIR$|CONTROL_PLANE_DIR$)/;

/** Where settings come from; by default this process. */
export interface Sources {
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

/**
 * The settings of a program from mlops.yaml, the environment and the command line.
 * @throws HelpAsked where --help is among the flags; INVALID_PARAMETER that names the key, its source and, for an unknown one, the nearest that exists.
 */
export function loadSettings<P extends Program>(program: P, sources: Sources = {}): SettingsOf<P> {
  const { argv = process.argv.slice(2), env = process.env, cwd = process.cwd() } = sources;
  const names: readonly SettingName[] = programs[program];
  if (argv.includes('--help') || argv.includes('-h')) throw new HelpAsked(helpText(names));
  const found = { ...fromFile(cwd, names), ...fromEnvironment(env, names), ...fromFlags(argv, names) };
  const result: Record<string, unknown> = {};
  for (const name of names) {
    const value = name in found ? found[name] : defaultOf(name);
    if (value !== undefined) result[name] = check(name, value);
  }
  return result as SettingsOf<P>;
}

/** The flags of a program, for a terminal. */
function helpText(names: readonly SettingName[]): string {
  const lines = names.map((name) => {
    const fallback = defaultOf(name);
    const shown =
      fallback === undefined || JSON.stringify(fallback) === '[]' ? '' : ` (default ${JSON.stringify(fallback)})`;
    return `  --${name}${shown}\n      ${typeOf(name).description}`;
  });
  const where = 'Each can also stand in mlops.yaml as "key: value", or in the environment as MLOPS_<KEY>.';
  return ['Settings:', ...lines, '', where].join('\n');
}

function fromFile(cwd: string, names: readonly SettingName[]): Record<string, unknown> {
  const path = join(cwd, 'mlops.yaml');
  if (!existsSync(path)) return {};
  const content: unknown = parse(readFileSync(path, 'utf8')) ?? {};
  if (typeof content !== 'object' || Array.isArray(content))
    throw invalid('mlops.yaml: settings are written as "key: value".');
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(content as object)) {
    // One file serves all programs: a setting of another one is known, but not ours.
    if (!(key in settings)) throw unknownKey(key, 'mlops.yaml', Object.keys(settings));
    if (names.includes(key as SettingName)) result[key] = value;
  }
  return result;
}

function fromEnvironment(env: NonNullable<Sources['env']>, names: readonly SettingName[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(ENVIRONMENT_PREFIX) || OTHER_VARIABLES.test(variable) || text === undefined) continue;
    const key = variable.slice(ENVIRONMENT_PREFIX.length).toLowerCase().replaceAll('_', '-');
    if (!(key in settings)) {
      throw unknownKey(variable, 'the environment', Object.keys(settings).map(environmentName));
    }
    if (names.includes(key as SettingName)) result[key] = fromText(key as SettingName, text);
  }
  return result;
}

function fromFlags(argv: readonly string[], names: readonly SettingName[]): Record<string, unknown> {
  const options = Object.fromEntries(
    names.map((name) => {
      const { type } = typeOf(name);
      return [name, { type: type === 'boolean' ? 'boolean' : 'string', multiple: type === 'array' }] as const;
    }),
  );
  let values: Record<string, unknown>;
  try {
    values = parseArgs({ args: [...argv], options, allowNegative: true }).values;
  } catch (error) {
    const unknown = /'(--?[\w-]+)/.exec((error as Error).message)?.[1];
    if ((error as { code?: string }).code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' && unknown) {
      throw unknownKey(
        unknown,
        'the command line',
        names.map((name) => `--${name}`),
      );
    }
    throw invalid((error as Error).message);
  }
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, fromFlag(name as SettingName, value)]),
  );
}

/** A list may be given by one flag or by several. */
function fromFlag(name: SettingName, value: unknown): unknown {
  if (Array.isArray(value)) return value.flatMap((item: string) => fromText(name, item));
  return typeof value === 'string' ? fromText(name, value) : value;
}

/** Text as the environment and flags give it; a list is separated by commas. */
function fromText(name: SettingName, text: string): unknown {
  const { type } = typeOf(name);
  if (type === 'integer') return /^-?\d+$/.test(text) ? Number(text) : text;
  if (type === 'boolean')
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
  if (type === 'array') return text.split(',').filter((item) => item !== '');
  return text;
}

function check(name: SettingName, value: unknown): unknown {
  const schema: TSchema = settings[name];
  if (Value.Check(schema, value)) return value;
  const shown = JSON.stringify(value).replace(/:\/\/[^@"]*@/, '://***@');
  const choices = (schema as { anyOf?: { const: string }[] }).anyOf?.map((choice) => choice.const);
  const [first] = Value.Errors(schema, value);
  const rule = choices ? `must be one of ${choices.join(', ')}` : (first?.message ?? 'has the wrong type');
  throw invalid(`${name}: ${shown} is not allowed; it ${rule}. ${typeOf(name).description}`, name);
}

function typeOf(name: SettingName): { type?: string; description: string } {
  return settings[name] as unknown as { type?: string; description: string };
}

function defaultOf(name: SettingName): unknown {
  return (settings[name] as { default?: unknown }).default;
}

/** The name of a setting in the environment. */
export function environmentName(name: string): string {
  return ENVIRONMENT_PREFIX + name.toUpperCase().replaceAll('-', '_');
}

function unknownKey(key: string, source: string, known: readonly string[]): PlatformError {
  return invalid(`'${key}' in ${source} is not a setting; did you mean '${closest(key, [...known])}'?`, key);
}

function invalid(message: string, field?: string): PlatformError {
  return new PlatformError('INVALID_PARAMETER', message, field === undefined ? {} : { field });
}
