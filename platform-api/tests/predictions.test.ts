import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  call,
  flight,
  golden,
  onEachDatabase,
  startPlatform,
  startWithExample,
  type TestPlatform,
} from './platform.ts';

onEachDatabase('the prediction log', (database) => {
  let platform: TestPlatform;
  const PATH = '/api/v1/deployments/flight-delays';
  beforeAll(async () => {
    platform = await startWithExample(database.args);
  });
  afterAll(async () => {
    await platform.stop();
    platform.remove();
  });

  const invoke = (records: object[]) => call(platform, 'POST', `${PATH}/invocations`, { dataframe_records: records });
  const list = async (query = '') => (await call(platform, 'GET', `${PATH}/predictions?${query}`)).body;

  it('keeps inputs, outputs, revision, version, key, latency and status of each row', async () => {
    await invoke([
      { ...flight, flight: 'one' },
      { ...flight, flight: 'two' },
    ]);
    const { predictions } = await list();
    expect(predictions).toHaveLength(2);
    const [two, one] = predictions;
    expect(one).toMatchObject({
      key: 'one',
      team: 'default',
      deployment: 'flight-delays',
      revision: 1,
      model_version: '1',
      status: 200,
      error: null,
      actual: null,
    });
    expect(one.inputs).toMatchObject({ carrier: 'DL', origin: 'LGA' });
    expect(one.outputs.probability_late).toBeCloseTo(0.431, 3);
    expect(one.latency_ms).toBeGreaterThan(0);
    expect([one.id, two.id]).toEqual([`${one.request_id}:0`, `${one.request_id}:1`]);
  });

  it('finds predictions of the Open Inference Protocol by the id of their request', async () => {
    const inputs = Object.entries(flight).map(([name, value]) => ({
      name,
      datatype: typeof value === 'string' ? 'BYTES' : 'FP32',
      shape: [1],
      data: [value],
    }));
    const key = { name: 'flight', datatype: 'BYTES', shape: [1], data: ['v2-key'] };
    await call(platform, 'POST', '/v2/models/flight-delays/infer', { id: 'my-id', inputs: [...inputs, key] });
    const { predictions } = await list('id=my-id');
    expect(predictions).toMatchObject([{ id: 'my-id', key: 'v2-key', status: 200 }]);
  });

  it('keeps what was refused, with the reason', async () => {
    const answer = await invoke([{ carrier: 'DL' }]);
    expect(answer.status).toBe(400);
    expect((await list('status=400')).predictions).toMatchObject([
      { revision: 1, error: expect.stringContaining('missing inputs') },
    ]);
  });

  it('pages from the newest to the oldest, and filters', async () => {
    for (let i = 0; i < 5; i++) await invoke([{ ...flight, flight: `page-${i}` }]);
    const seen: string[] = [];
    let token: string | null = '';
    while (token !== null) {
      const page = await list(`limit=3${token === '' ? '' : `&page_token=${token}`}`);
      seen.push(...page.predictions.map((each: { id: string }) => each.id));
      token = page.next_page_token;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBe((await list('limit=1000')).predictions.length);
    expect((await list('key=page-3')).predictions).toHaveLength(1);
    expect((await list('revision=7')).predictions).toEqual([]);
    expect((await list(`since=${new Date(Date.now() + 60_000).toISOString()}`)).predictions).toEqual([]);
  });

  it('shows ground truth that came later, by key and by id; a later truth replaces an earlier one', async () => {
    const attach = (actuals: object[]) => call(platform, 'POST', `${PATH}/actuals`, { actuals });
    expect(await attach([{ key: 'page-1', value: 1 }])).toMatchObject({ status: 200, body: { accepted: 1 } });
    const [before] = (await list('key=page-1')).predictions;
    expect(before.actual).toMatchObject({ value: 1 });
    await attach([{ key: 'page-1', value: 0, time: '2013-07-02T00:00:00Z' }]);
    expect((await list('key=page-1')).predictions[0].actual).toEqual({ value: 0, time: '2013-07-02T00:00:00.000Z' });
    await attach([{ prediction_id: before.id, value: 'late' }]);
    expect((await list('key=page-1')).predictions[0].actual.value).toBe('late');
  });

  it.each([
    [{ actuals: [] }],
    [{ actuals: [{ value: 1 }] }],
    [{ actuals: [{ key: 'a', prediction_id: 'b', value: 1 }] }],
    [{ actuals: [{ key: 'a' }] }],
    [{ actuals: [{ key: 'a', value: 1, tme: 'x' }] }],
    [{ actuals: [{ key: 'a', value: 1, time: 'yesterday' }] }],
    [{}],
  ])('refuses the actuals %j', async (body) => {
    const answer = await call(platform, 'POST', `${PATH}/actuals`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.field).toBeTypeOf('string');
  });

  it('logs all that is answered while revisions come and go, each with the revision that answered', async () => {
    const path = '/api/v1/deployments/passing';
    const model = 'models:/flight-delays@champion';
    await call(platform, 'POST', '/api/v1/deployments', { name: 'passing', model });
    let stopped = false;
    let answered = 0;
    const askers = Array.from({ length: 16 }, async () => {
      while (!stopped) {
        const { status } = await call(platform, 'POST', `${path}/invocations`, { dataframe_records: [flight] });
        if (status === 200) answered += 1;
      }
    });
    for (let i = 0; i < 5; i++) expect((await call(platform, 'PUT', path, { model })).status).toBe(200);
    for (let i = 0; i < 5; i++) {
      expect((await call(platform, 'DELETE', path)).status).toBe(200);
      expect((await call(platform, 'POST', '/api/v1/deployments', { name: 'passing', model })).status).toBe(201);
    }
    stopped = true;
    await Promise.all(askers);
    const revisions: (number | null)[] = [];
    for (let query = 'status=200&limit=1000'; query !== ''; ) {
      const { body } = await call(platform, 'GET', `${path}/predictions?${query}`);
      revisions.push(...body.predictions.map((each: { revision: number | null }) => each.revision));
      query = body.next_page_token === null ? '' : `status=200&limit=1000&page_token=${body.next_page_token}`;
    }
    expect([revisions.length, revisions.filter((revision) => revision === null).length]).toEqual([answered, 0]);
  });

  it('answers the same after a restart', async () => {
    const before = (await list('limit=1000')).predictions;
    await platform.stop();
    platform = await startPlatform(database.args, { path: platform.data, remove: platform.remove });
    expect((await list('limit=1000')).predictions).toEqual(before);
  });
});

describe('a full queue', () => {
  it('drops what does not fit, counts it, and answers all the same', async () => {
    const platform = await startWithExample(['--predictions-queue', '2']);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => call(platform, 'POST', '/api/v1/deployments/flight-delays/invocations', golden)),
    );
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    const metrics = await (await fetch(`${platform.url}/metrics`)).text();
    expect(Number(/^mlops_predictions_dropped_total (\d+)/m.exec(metrics)?.[1])).toBe(24);
    await platform.stop();
    platform.remove();
  });
});
