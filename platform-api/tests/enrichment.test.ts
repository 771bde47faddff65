import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { call, onEachDatabase, startWithExample, type TestPlatform } from './platform.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/flight-delays');
const text = readFileSync(join(EXAMPLE, 'features/flight_delays.yaml'), 'utf8');
/** Without a TTL: the history is of 2013. */
const AGELESS = text.replaceAll(/^ +ttl: .*\n/gm, '');
const [FLIGHT] = gunzipSync(readFileSync(join(EXAMPLE, 'traffic.ndjson.gz')))
  .toString()
  .split('\n', 400)
  .slice(300)
  .map((line) => JSON.parse(line) as { departure: string; inputs: Record<string, string | number | null> });
const PATH = '/api/v1/deployments/flight-delays';
const SCHEDULE = ['carrier', 'origin', 'dest', 'day_of_week', 'departure_minute', 'arrival_minute', 'distance'];
const TAILNUM = 'N10156';

/** The model takes floats of 32 bits. */
const single = (value: unknown) => Math.fround(Number(value));

onEachDatabase('a deployment that is filled by a feature service', (database) => {
  let platform: TestPlatform;
  const inputs = FLIGHT?.inputs ?? {};
  /** What a caller knows of the flight. */
  const schedule = { ...Object.fromEntries(SCHEDULE.map((name) => [name, inputs[name]])), tailnum: TAILNUM };
  const post = (path: string, body: unknown) => call(platform, 'POST', path, body);
  const apply = (definitions: string, rest: object = {}) =>
    post('/api/v1/features/apply', {
      files: [{ name: 'flight_delays.yaml', text: definitions }],
      root: join(EXAMPLE, 'features'),
      ...rest,
    });
  const deploy = (features: string | undefined) =>
    call(platform, 'PUT', PATH, {
      model: 'models:/flight-delays@champion',
      options: { key_column: 'flight', ...(features === undefined ? {} : { features }) },
    });
  const predict = (...records: object[]) => post(`${PATH}/invocations`, { dataframe_records: records });
  /** The values of the features, as the store has them. */
  let stored: Record<string, unknown>;

  beforeAll(async () => {
    platform = await startWithExample(database.args);
    expect((await apply(AGELESS)).status).toBe(200);
    const start = '2013-01-01T00:00:00Z';
    expect((await post('/api/v1/features/materialisations', { start, end: FLIGHT?.departure })).status).toBe(200);
    const entities = { origin: [inputs.origin], carrier: [inputs.carrier], tailnum: [TAILNUM] };
    const { rows } = (await post('/api/v1/features/online', { service: 'flight_delays', entities })).body;
    stored = rows[0].values;
    delete stored.tailnum;
  });
  afterAll(async () => {
    await platform.stop();
    platform.remove();
  });

  it('must name one that there is', async () => {
    const answer = await deploy('flight_delay');
    expect(answer).toMatchObject({ status: 400, body: { field: 'options.features' } });
    expect(answer.body.detail).toContain('there are flight_delays');
    expect(await deploy('flight_delays')).toMatchObject({
      status: 200,
      body: { revision: { options: { features: 'flight_delays', key_column: 'flight' } } },
    });
    const service = await call(platform, 'GET', '/api/v1/features/services/flight_delays');
    expect(service.body.deployments).toEqual(['flight-delays']);
  });

  it('answers entity keys as it answers the values that stand under them, on every protocol', async () => {
    await deploy('flight_delays');
    const whole = { ...schedule, ...stored, tailnum: undefined };
    const expected = (await predict(whole)).body.predictions;
    expect(expected[0].probability_late).toBeGreaterThan(0);
    expect(await predict(schedule)).toMatchObject({ status: 200, body: { predictions: expected } });
    const v1 = await post('/v1/models/flight-delays:predict', { instances: [schedule] });
    expect(v1.body).toEqual({ predictions: [[expected[0].probability_late]] });
    const tensors = Object.entries(schedule).map(([name, value]) => ({
      name,
      shape: [1, 1],
      datatype: typeof value === 'string' ? 'BYTES' : 'FP64',
      data: [value],
    }));
    const v2 = await post('/v2/models/flight-delays/infer', { id: 'tensors', inputs: tensors });
    expect(v2.body.outputs[0].data).toEqual([expected[0].probability_late]);
    expect(v2.body.id).toBe('tensors');
    // As a text of columns; many rows are read in a thread.
    const columns = Object.keys(schedule);
    const csv = [columns, ...Array.from({ length: 3000 }, () => Object.values(schedule))]
      .map((row) => row.join(','))
      .join('\n');
    const init = { method: 'POST', headers: { 'content-type': 'text/csv' }, body: csv };
    const many = (await (await fetch(`${platform.url}${PATH}/invocations`, init)).json()) as any;
    expect(many.predictions).toEqual(Array.from({ length: 3000 }, () => expected[0]));
    const nameless = await post(`${PATH}/invocations`, { instances: [[1, 2]] });
    expect(nameless).toMatchObject({ status: 400 });
  });

  it('lets what is given win, in each row, and logs what was served with the prediction', async () => {
    const given = { ...schedule, flight: 'given', temp: -40, seats: null };
    const other = { ...schedule, flight: 'other', tailnum: undefined, seats: 10, plane_year: 1990 };
    expect((await predict(given, other)).status).toBe(200);
    const log = async (key: string) =>
      (await call(platform, 'GET', `${PATH}/predictions?key=${key}`)).body.predictions[0];
    const first = await log('given');
    expect(first.inputs).toMatchObject({
      temp: -40,
      seats: stored.seats,
      delay_carrier_7d: single(stored.delay_carrier_7d),
    });
    expect(first.features).toMatchObject({
      service: 'flight_delays',
      keys: { origin: inputs.origin, carrier: inputs.carrier, tailnum: TAILNUM },
      values: { seats: stored.seats, delay_origin_3h: stored.delay_origin_3h },
      event_timestamps: { seats: '2013-01-01T00:00:00Z' },
    });
    expect(first.features.values).not.toHaveProperty('temp');
    const second = await log('other');
    expect(second.inputs).toMatchObject({ temp: single(stored.temp), seats: 10, plane_year: 1990 });
    expect(Object.keys(second.features.values)).not.toContain('seats');
    // Sealed into a file, beside what was logged before there were features.
    expect((await post('/api/v1/jobs/seal-predictions/runs', {})).status).toBe(202);
    await deploy(undefined);
    await predict({ ...schedule, ...stored, flight: 'plain' });
    expect(await log('plain')).not.toHaveProperty('features');
    expect((await log('given')).features).toEqual(first.features);
    await deploy('flight_delays');
  });

  it('names what is missing: no such key, none given, or too old; a default takes its place', async () => {
    const unknown = await predict({ ...schedule, tailnum: 'N0' }, schedule);
    expect(unknown.status).toBe(422);
    expect(unknown.body.message).toContain('plane_year (row 0: not found), seats (row 0: not found)');
    const none = await predict({ ...schedule, tailnum: undefined });
    expect(none.body.message).toContain('seats (row 0: no value of the key tailnum)');
    const refused = (await call(platform, 'GET', `${PATH}/predictions?status=422`)).body.predictions;
    expect(refused.length).toBe(2);
    const definitions = AGELESS.replace('name: seats, type: double', 'name: seats, type: double, default: 150').replace(
      'name: plane_year, type: double',
      'name: plane_year, type: double, default: null',
    );
    expect((await apply(definitions)).status).toBe(200);
    expect((await predict({ ...schedule, tailnum: 'N0', flight: 'defaults' })).status).toBe(200);
    const { body } = await call(platform, 'GET', `${PATH}/predictions?key=defaults`);
    expect(body.predictions[0].inputs).toMatchObject({ seats: 150, plane_year: 'NaN' });
    // A report of 2013 is too old for whoever wants one of this hour.
    expect(
      (await apply(definitions.replace('source: weather_history', 'source: weather_history\n    ttl: 59m'))).status,
    ).toBe(200);
    expect((await predict(schedule)).body.message).toContain('temp (row 0: too old)');
    const wrong = await apply(AGELESS.replace('name: seats, type: double', 'name: seats, type: double, default: many'));
    expect(wrong.body.detail).toContain('features[1].default: is no value of type double.');
    await apply(AGELESS);
  });

  it('keeps its service from being taken away, unless there is a reason', async () => {
    const definitions = AGELESS.slice(0, AGELESS.indexOf('feature_services:'));
    const refused = await apply(definitions);
    expect(refused).toMatchObject({
      status: 409,
      body: { breaks: ["flight-delays: the feature service 'flight_delays' is removed"] },
    });
    const fewer = await apply(AGELESS.replace('      - view: planes\n', ''));
    expect(fewer.body.breaks).toContain("flight-delays: 'flight_delays' loses the feature 'seats'");
    const typed = await apply(AGELESS.replace('name: seats, type: double', 'name: seats, type: int32'));
    expect(typed.body.breaks).toEqual(["flight-delays: 'seats' of 'flight_delays' becomes int32 in place of double"]);
    expect((await apply(definitions, { force_reason: 'the flights are over' })).status).toBe(200);
    const { entries } = (await call(platform, 'GET', '/api/v1/audit?action=applyFeatures&limit=1')).body;
    expect(entries[0].details).toMatchObject({ force_reason: 'the flights are over' });
    const away = await predict(schedule);
    expect(away).toMatchObject({ status: 404, body: { message: expect.stringContaining('flight_delays') } });
  });
});
