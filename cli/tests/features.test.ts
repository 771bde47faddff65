import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { deployExample } from '@mlops/flight-delays';
import { type Started, startProgram, temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createProgram } from '../src/index.ts';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLE = join(ROOT, 'examples/flight-delays');
const DEFINITIONS = join(EXAMPLE, 'features');

interface Flight {
  readonly departure: string;
  readonly inputs: Readonly<Record<string, string | number | null>>;
}

const folder = temporaryFolder();
let platform: Started;
beforeAll(async () => {
  const settings = ['--port', '0', '--data', join(folder.path, 'data'), '--empty'];
  platform = await startProgram(join(ROOT, 'platform-api/src/main.ts'), settings);
});
afterAll(async () => {
  await platform.stop();
  folder.remove();
});

/** What a command prints; `url` is another platform than that of the suite. */
async function mlops(args: readonly string[], url = platform.url): Promise<string> {
  let printed = '';
  const program = createProgram(
    { MLOPS_URL: url },
    (text) => (printed += text),
    () => {},
  );
  await program.exitOverride().parseAsync(['features', ...args], { from: 'user' });
  return printed;
}

const json = async (...args: string[]) => JSON.parse(await mlops([...args, '--json']));

const flights = gunzipSync(readFileSync(join(EXAMPLE, 'traffic.ndjson.gz')))
  .toString()
  .split('\n', 500)
  .map((line) => JSON.parse(line) as Flight);

it('plans, applies, lists and searches the definitions of the example', async () => {
  const plan = await mlops(['plan', DEFINITIONS]);
  expect(plan).toContain('+ feature_view weather\n');
  expect(plan).toContain('weather (26115 rows)');
  expect(plan).toContain('version 0 is in force; 12 added, 0 changed, 0 removed');
  expect(await mlops(['list'])).toBe('none\n');
  expect(await mlops(['apply', DEFINITIONS])).toContain('version 1 is in force; 12 added');
  expect(await mlops(['apply', DEFINITIONS])).toBe('Nothing is changed; version 1 is in force.\n');
  expect(await mlops(['list', '--kind', 'feature_service'])).toContain('flight_delays');
  const found = await json('search', 'mean', 'delay', '--entity', 'carrier');
  expect(found.map(({ name }: { name: string }) => name)).toEqual(['carrier_delays']);
  expect(await mlops(['show', 'planes'])).toMatch(/features +plane_year double, seats double\n/);
  expect(await mlops(['show', 'flight_delays'])).toMatch(/keys +origin, tailnum, carrier\n/);
  await expect(mlops(['show', 'nothing'])).rejects.toThrow("There is no feature service 'nothing'.");
  await expect(mlops(['plan', join(folder.path, 'nowhere')])).rejects.toThrow(/cannot be read: ENOENT/);
});

it('materialises, and answers what a flight of the replayed traffic is asked with', async () => {
  const flight = flights[200];
  if (flight === undefined) throw new Error('there are too few flights');
  await mlops(['materialize', '--start', '2013-01-01T00:00:00Z', '--end', flight.departure]);
  const { carrier, origin } = flight.inputs;
  const entity = ['--entity', `carrier=${carrier}`, '--entity', `origin=${origin}`];
  const rows = await json('get', '--features', 'carrier_delays:delay_carrier_24h,weather:temp', ...entity);
  const value = (wanted: string) => rows.find(({ name }: { name: string }) => name === wanted).value;
  expect(value('delay_carrier_24h')).toBe(flight.inputs.delay_carrier_24h);
  expect(await mlops(['statistics', 'planes'])).toContain('3322 rows, 2013-01-01T00:00:00.000Z');
  // The weather's reports are older than their TTL today: the value is there, its status tells.
  expect(rows.find(({ name }: { name: string }) => name === 'temp')).toMatchObject({ status: 'OUTSIDE_MAX_AGE' });
  const receipt = join(folder.path, 'receipt.json');
  await mlops(['erase', '--entity', `origin=${origin}`, '--receipt', receipt]);
  expect(JSON.parse(readFileSync(receipt, 'utf8'))).toEqual({ online: ['weather', 'origin_delays'] });
  await expect(mlops(['get', '--entity', 'origin'])).rejects.toThrow("--entity is KEY=VALUE, not 'origin'.");
  await expect(mlops(['get', '--entity', 'origin=JFK'])).rejects.toThrow('Name either a feature service');
});

it('makes the training set that the model was made with: by the platform, and without one', async () => {
  const entities = join(folder.path, 'flights.csv');
  const rows = flights.map(({ departure, inputs }) => `${departure},${inputs.carrier},${inputs.origin},N0`);
  writeFileSync(entities, ['event_timestamp,carrier,origin,tailnum', ...rows].join('\n'));
  const asked = ['historical', '--entities', entities, '--service', 'flight_delays'];
  const [here, there] = [join(folder.path, 'here.ndjson'), join(folder.path, 'there.ndjson')];
  await mlops([...asked, '--out', here, '--definitions', DEFINITIONS], 'http://127.0.0.1:1');
  await mlops([...asked, '--out', there]);
  const [lines, answered] = [here, there].map((path) => readFileSync(path, 'utf8').trim().split('\n').map(featuresOf));
  if (lines === undefined) throw new Error('there are no lines');
  expect(answered?.findIndex((line, i) => JSON.stringify(line) !== JSON.stringify(lines[i]))).toBe(-1);
  expect(lines).toHaveLength(flights.length);
  const names = Object.keys(lines[0] ?? {}).filter((name) =>
    /^(temp|dewp|humid|wind|precip|press|visib|delay)/.test(name),
  );
  expect(names).toHaveLength(13);
  for (const [i, line] of lines.entries()) {
    for (const name of names) {
      const expected = flights[i]?.inputs[name] ?? null;
      expect([i, name, round(line[name])]).toEqual([i, name, expected]);
    }
  }
  await expect(mlops([...asked, '--out', 'x.xlsx'])).rejects.toThrow("'x.xlsx' ends in none of .parquet, .csv");
  await expect(mlops(['historical', '--entities', 'no.csv', '--service', 's', '--out', 'x.csv'])).rejects.toThrow(
    'There is no file no.csv.',
  );
});

/** Times are spelled with their zone or without. */
function featuresOf(line: string): Record<string, unknown> {
  const { event_timestamp: _time, ...features } = JSON.parse(line) as Record<string, unknown>;
  return features;
}

it('writes the definitions into a registry of Feast, from which it joins as from the folder', async () => {
  const registry = join(folder.path, 'registry.db');
  await mlops(['export', DEFINITIONS, '--registry', registry, '--project', 'flights'], 'http://127.0.0.1:1');
  const entities = join(folder.path, 'one.csv');
  writeFileSync(entities, 'event_timestamp,carrier,origin,tailnum\n2013-07-01T12:00:00Z,UA,EWR,N10156');
  const asked = ['historical', '--entities', entities, '--service', 'flight_delays', '--out'];
  const [ours, theirs] = [join(folder.path, 'ours.json'), join(folder.path, 'theirs.json')];
  await mlops([...asked, ours, '--definitions', DEFINITIONS]);
  await mlops([...asked, theirs, '--registry', registry, '--project', 'flights']);
  expect(readFileSync(theirs, 'utf8')).toBe(readFileSync(ours, 'utf8'));
  expect(readFileSync(ours, 'utf8')).toContain('"plane_year":2004');
});

it('deploys a model that a feature service fills', async () => {
  await deployExample(platform.url);
  const run = async (args: string[]) => {
    let printed = '';
    const program = createProgram(
      { MLOPS_URL: platform.url },
      (text) => (printed += text),
      () => {},
    );
    await program.exitOverride().parseAsync(args, { from: 'user' });
    return printed;
  };
  await run(['deploy', 'flight-delays', 'models:/flight-delays@champion', '--features', 'flight_delays']);
  const shown = JSON.parse(await run(['deployments', 'show', 'flight-delays', '--json']));
  expect(shown.revision.options).toEqual({ features: 'flight_delays' });
  const missing = run(['deploy', 'flight-delays', 'models:/flight-delays@champion', '--features', 'none']);
  await expect(missing).rejects.toThrow("there is no feature service 'none'; there are flight_delays.");
});

/** The traffic was written with four digits. */
function round(value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : (value ?? null);
}
