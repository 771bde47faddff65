import { beforeAll, describe, expect, it } from 'vitest';
import { refused, type Server } from './server.ts';

/** Filter, and the names of the runs that it finds, in order of name. */
const FINDS: readonly [string, string[]][] = [
  ['', ['a', 'b', 'c', 'd']],
  ['metrics.acc > 0.5', ['b', 'c']],
  ['metrics.acc >= 0.5', ['a', 'b', 'c']],
  ['metrics.acc = 0.7', ['b']],
  ['metrics.acc != 0.7', ['a', 'c']],
  ['metric.acc < 0.7 AND metrics.acc >= 0.5', ['a']],
  ['metrics.`val/acc` <= 2', ['a']],
  ['metrics."val/acc" = 2', ['a']],
  ["params.model = 'tree'", ['a', 'b']],
  ["params.model != 'tree'", ['c']],
  ["params.model LIKE 'Lin%'", ['c']],
  ["params.model LIKE 'lin%'", []],
  ["params.model ILIKE 'lin%'", ['c']],
  ["params.model LIKE '_ree'", ['a', 'b']],
  ['params.model = "tree" and metrics.acc > 0.6', ['b']],
  ["parameter.model = 'tree'", ['a', 'b']],
  ['params.only IS NULL', ['a', 'b', 'c']],
  ['params.only IS NOT NULL', ['d']],
  ["tags.team = 'blue'", ['a']],
  ["tags.`a b` = 'x y'", ['b']],
  ['tags."a b" ILIKE \'X%\'', ['b']],
  ['tags.team IS NOT NULL', ['a', 'c']],
  ["attributes.status = 'RUNNING'", ['a', 'b', 'd']],
  ["status != 'RUNNING'", ['c']],
  ["attributes.run_name = 'b'", ['b']],
  ["run_name LIKE '%'", ['a', 'b', 'c', 'd']],
  ['attributes.start_time >= 2000 AND start_time < 4000', ['b', 'c']],
  ['start_time = 1000', ['a']],
  ["user_id = 'ann'", ['a']],
  ['params.quote = \'it is "quoted"\'', ['d']],
  ['metrics.nan > -1', []],
];

const REFUSED: readonly string[] = [
  'nonsense',
  'metrics.acc >',
  'metrics.acc > 1 OR metrics.acc < 0',
  "metrics.acc > 'high'",
  'params.model = 3',
  'params.model > 3',
  "metrics.acc LIKE '1%'",
  "foo.bar = 'x'",
  "attributes.nothing = 'x'",
  "status IN ('RUNNING')",
  'run_id IN ()',
  "params.model = 'tree' AND",
  "dataset.nothing = 'x'",
  "constructor = 'x'",
  "attributes.toString = 'x'",
  "valueOf.a = 'x'",
  "dataset.constructor = 'x'",
];

const ORDERS: readonly [string[], string[]][] = [
  [['metrics.acc DESC'], ['c', 'b', 'a', 'd']],
  [['metrics.acc ASC'], ['a', 'b', 'c', 'd']],
  [['params.model'], ['c', 'b', 'a', 'd']],
  [['tags.team DESC'], ['c', 'a', 'd', 'b']],
  [['attributes.start_time ASC'], ['a', 'b', 'c', 'd']],
  [['start_time DESC'], ['d', 'c', 'b', 'a']],
  [['metrics.nan'], ['d', 'c', 'b', 'a']],
  [
    ['metrics.`val/acc` DESC', 'start_time ASC'],
    ['a', 'b', 'c', 'd'],
  ],
  [[], ['d', 'c', 'b', 'a']],
];

export function searchCases(server: () => Server): void {
  let experiment = '';
  const runs: Record<string, string> = {};

  beforeAll(async () => {
    experiment = await server().experiment();
    const make = async (name: string, start_time: number, user_id: string, data: object) => {
      runs[name] = await server().run(experiment, { run_name: name, start_time, user_id });
      await server().ok('runs/log-batch', { run_id: runs[name], ...data });
    };
    const metric = (key: string, value: number | string) => ({ key, value, timestamp: 1, step: 0 });
    await make('a', 1000, 'ann', {
      metrics: [metric('acc', 0.5), metric('val/acc', 2)],
      params: [{ key: 'model', value: 'tree' }],
      tags: [{ key: 'team', value: 'blue' }],
    });
    await make('b', 2000, 'bob', {
      metrics: [metric('acc', 0.7)],
      params: [{ key: 'model', value: 'tree' }],
      tags: [{ key: 'a b', value: 'x y' }],
    });
    await make('c', 3000, 'bob', {
      metrics: [metric('acc', 0.9)],
      params: [{ key: 'model', value: 'Linear' }],
      tags: [{ key: 'team', value: 'red' }],
    });
    await make('d', 4000, 'bob', {
      metrics: [metric('nan', 'NaN')],
      params: [
        { key: 'only', value: '1' },
        { key: 'quote', value: 'it is "quoted"' },
      ],
    });
    await server().ok('runs/update', { run_id: runs.c, status: 'FINISHED', end_time: 5000 });
  });

  const search = async (body: object): Promise<string[]> => {
    const { runs: found = [] } = await server().ok('runs/search', { experiment_ids: [experiment], ...body });
    return found.map((each: { info: { run_name: string } }) => each.info.run_name);
  };

  describe.each(FINDS)('filter %s', (filter, names) => {
    it(`finds ${names.join(' ') || 'nothing'}`, async () => {
      expect((await search({ filter })).sort()).toEqual(names);
    });
  });

  it.each(REFUSED)('refuses the filter %s', async (filter) => {
    // MLflow overlooks a comparison that is missing at the end.
    const answer = await server().post('runs/search', { experiment_ids: [experiment], filter });
    if (filter.endsWith('AND') && server().isUpstream) expect(answer.status).toBe(200);
    else refused(answer, 400, 'INVALID_PARAMETER_VALUE');
  });

  it.each(['constructor', 'toString', 'attributes.constructor', 'valueOf.a', '__proto__'])(
    'refuses to order by %s',
    async (item) => {
      const answer = await server().post('runs/search', { experiment_ids: [experiment], order_by: [item] });
      refused(answer, 400, 'INVALID_PARAMETER_VALUE');
      refused(await server().get('registered-models/search', { order_by: item }), 400, 'INVALID_PARAMETER_VALUE');
      const experiments = await server().post('experiments/search', { max_results: 1, order_by: [item] });
      refused(experiments, 400, 'INVALID_PARAMETER_VALUE');
    },
  );

  it('takes many comparisons and many orders at once', async () => {
    // MLflow's own server fails at the 64 tables that SQLite joins.
    if (server().isUpstream) return;
    const filter = Array.from({ length: 199 }, (_, i) => `metrics.acc > ${i / 1e6}`).join(' AND ');
    const order_by = Array.from({ length: 49 }, (_, i) => `metrics.none${i}`);
    expect(await search({ filter: `${filter} AND params.model = 'tree'`, order_by })).toEqual(['b', 'a']);
  });

  it('refuses more comparisons or orders than a database takes', async () => {
    if (server().isUpstream) return;
    const filter = Array.from({ length: 201 }, (_, i) => `metrics.m${i} > 0`).join(' AND ');
    const order_by = Array.from({ length: 51 }, (_, i) => `metrics.m${i}`);
    for (const body of [{ filter }, { order_by }])
      refused(
        await server().post('runs/search', { experiment_ids: [experiment], ...body }),
        400,
        'INVALID_PARAMETER_VALUE',
      );
    const models = { experiment_ids: [experiment], order_by: order_by.map((field_name) => ({ field_name })) };
    refused(await server().post('logged-models/search', models), 400, 'INVALID_PARAMETER_VALUE');
    const datasets = Array.from({ length: 101 }, () => ({ dataset_name: 'd' }));
    const ofDatasets = { experiment_ids: [experiment], filter: 'metrics.a > 1', datasets };
    refused(await server().post('logged-models/search', ofDatasets), 400, 'INVALID_PARAMETER_VALUE');
  });

  it.each(ORDERS)('orders by %j', async (order_by, names) => {
    expect(await search({ order_by })).toEqual(names);
  });

  it('compares whole numbers with fractions and with what is larger than any', async () => {
    // MLflow's own server fails at numbers beyond 2^63.
    if (server().isUpstream) return;
    expect((await search({ filter: 'start_time > 1500.5 AND start_time < 1e300' })).sort()).toEqual(['b', 'c', 'd']);
    expect(await search({ filter: 'start_time > -1e300 AND start_time < 1000.5' })).toEqual(['a']);
    expect(await search({ filter: 'start_time >= 9223372036854775808' })).toEqual([]);
    expect(await search({ filter: 'metrics.acc > 1e400' })).toEqual([]);
  });

  it('refuses a pattern that a database does not take', async () => {
    if (server().isUpstream) return;
    const filter = `params.model LIKE '${'漢'.repeat(17_000)}'`;
    refused(
      await server().post('runs/search', { experiment_ids: [experiment], filter }),
      400,
      'INVALID_PARAMETER_VALUE',
    );
  });

  it('finds runs by id and by lists of ids', async () => {
    expect(await search({ filter: `run_id = '${runs.b}'` })).toEqual(['b']);
    expect(await search({ filter: `attributes.run_id IN ('${runs.b}', '${runs.a}')` })).toEqual(['b', 'a']);
    expect(await search({ filter: `run_id NOT IN ('${runs.b}', '${runs.a}')` })).toEqual(['d', 'c']);
  });

  it('pages without losing or repeating a run', async () => {
    const seen: string[] = [];
    let page_token: string | undefined;
    do {
      const page: { runs?: { info: { run_name: string } }[]; next_page_token?: string } = await server().ok(
        'runs/search',
        {
          experiment_ids: [experiment],
          max_results: 3,
          ...(page_token ? { page_token } : {}),
        },
      );
      seen.push(...(page.runs ?? []).map((run) => run.info.run_name));
      page_token = page.next_page_token;
    } while (page_token);
    expect(seen).toEqual(['d', 'c', 'b', 'a']);
  });

  it('hides deleted runs unless they are asked for', async () => {
    await server().ok('runs/delete', { run_id: runs.d });
    expect(await search({})).toEqual(['c', 'b', 'a']);
    expect(await search({ run_view_type: 'DELETED_ONLY' })).toEqual(['d']);
    expect(await search({ run_view_type: 'ALL' })).toEqual(['d', 'c', 'b', 'a']);
    await server().ok('runs/restore', { run_id: runs.d });
  });

  it('finds nothing without experiments, and refuses what it cannot read', async () => {
    expect(await server().ok('runs/search', { experiment_ids: [] })).toEqual({});
    refused(await server().post('runs/search', { experiment_ids: ['abc'] }), 400, 'INVALID_PARAMETER_VALUE');
    refused(
      await server().post('runs/search', { experiment_ids: [experiment], max_results: 50_001 }),
      400,
      'INVALID_PARAMETER_VALUE',
    );
    refused(
      await server().post('runs/search', { experiment_ids: [experiment], order_by: ['metrics.a FOO BAR'] }),
      400,
      'INVALID_PARAMETER_VALUE',
    );
  });
}
