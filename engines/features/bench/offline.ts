// The point-in-time join beside a hand-written ASOF query, and materialisation of a tenth as many rows into Redis beside Feast's own:
//   node scripts/run.mjs engines/features/bench/offline.ts [rows, default 1000000]
// Needs redis-server and mlops-python.
import { join } from 'node:path';
import { openDatabase } from '@mlops/database';
import { openFeatures } from '../src/index.ts';
import { openPlace, print, python } from './place.ts';

const ROWS = Number(process.argv[2] ?? 1_000_000);
const KEYS = 1000;
const values = Array.from({ length: 10 }, (_, i) => `(random() * 1000000)::bigint as feature_${i}`).join(', ');
const time = (rows: string) => `timestamp '2026-01-01' + to_seconds((random() * 3600 * 24 * 30)::bigint) as ${rows}`;
const place = await openPlace(
  `select (random() * ${KEYS})::bigint as entity, ${time('event_timestamp')}, ${values} from range(${ROWS})`,
  1,
);
const entities = join(place.repository, 'entities.parquet');
const rows = `select (random() * ${KEYS})::bigint as entity, ${time('event_timestamp')} from range(${ROWS})`;
await place.analytics.run((connection) => connection.execute(`copy (${rows}) to '${entities}' (format parquet)`));

const data = join(place.repository, 'data');
const database = openDatabase<unknown>({ data });
const host = await openFeatures({
  definitions: { kind: 'feast', registry: join(place.repository, 'registry.db'), project: undefined },
  database,
  online: place.redis,
  scratch: join(data, 'scratch'),
});

const engine = await host.engine('');
const features = Array.from({ length: 10 }, (_, i) => `feature_${i}`);
const columns = features.map((feature) => `v.${feature}`).join(', ');
const handWritten = `select e.*, ${columns} from read_parquet('${entities}') e
  asof left join read_parquet('${place.repository}/views.parquet') v
  on e.entity = v.entity and e.event_timestamp >= v.event_timestamp`;
const target = join(place.repository, 'result.parquet');
const ways = {
  'hand-written ASOF': () =>
    place.analytics.run((connection) =>
      connection.execute(`copy (${handWritten}) to '${target}' (format parquet, compression zstd)`),
    ),
  get_historical_features: () =>
    engine.getHistoricalFeatures({ entities, features: features.map((feature) => `view_0:${feature}`) }, target),
};
const best = new Map<string, number>();
for (let round = 0; round < 3; round++) {
  for (const [name, run] of Object.entries(ways)) {
    const started = performance.now();
    await run();
    best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, (performance.now() - started) / 1000));
  }
}
const [bare = 0, joined = 0] = [...best.values()];
for (const [name, seconds] of best) print(name.padEnd(26), `${seconds.toFixed(2)} s, best of 3`);
print(
  'ratio'.padEnd(26),
  `${(joined / bare).toFixed(2)}×; ${ROWS} × ${ROWS} rows, 10 features; memory of this process ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`,
);

const [start, end] = ['2026-01-01T00:00:00+00:00', '2026-02-01T00:00:00+00:00'] as const;
// For writing, each row has a key of its own.
const written = ROWS / 10;
const distinct = `select i as entity, timestamp '2026-01-15' as event_timestamp, ${values} from range(${written}) as t(i)`;
await place.analytics.run((connection) =>
  connection.execute(`copy (${distinct}) to '${place.repository}/views.parquet' (format parquet)`),
);
const started = performance.now();
const run = await engine.materialize({ start: Date.parse(start), end: Date.parse(end) });
print('rows written'.padEnd(26), JSON.stringify(await run.done));
const ours = (performance.now() - started) / 1000;
const theirs = Number(python('materialise.py', place.repository, [start, end]).trim().split('\n').at(-1));
print(
  'materialise'.padEnd(26),
  `${ours.toFixed(2)} s; Feast ${theirs.toFixed(2)} s; ratio ${(theirs / ours).toFixed(1)}×; ${written} rows × 10 features`,
);

await host.close();
await database.close();
await place.close();
