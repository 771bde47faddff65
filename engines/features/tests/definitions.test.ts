import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { toPlatformError } from '@mlops/errors';
import { suite, temporaryFolder } from '@mlops/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { Catalogue } from '../src/definitions/catalogue.ts';
import { readDefinitions } from '../src/definitions/read.ts';
import type { Project } from '../src/model.ts';
import { readRegistry } from '../src/registry/read.ts';
import { configureFeast, python } from './feast.ts';
import { makeRepository } from './history.ts';

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const step of cleanUp.splice(0)) step();
});

function folderOf(files: Record<string, string>): string {
  const folder = temporaryFolder();
  cleanUp.push(folder.remove);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder.path, name)), { recursive: true });
    writeFileSync(join(folder.path, name), text);
  }
  return folder.path;
}

/** What is said of one file with these lines. */
async function refused(lines: string): Promise<string> {
  const error = await readDefinitions(folderOf({ 'views.yaml': lines }), 'p').then(
    () => undefined,
    (thrown: unknown) => toPlatformError(thrown),
  );
  expect(error?.code).toBe('INVALID_PARAMETER');
  return error?.message ?? '';
}

const SOURCES = `
entities:
  - {name: driver, type: int64}
sources:
  - {name: history, type: file, path: history.parquet}
`;

describe('definitions in YAML', () => {
  it('make one project of several files', async () => {
    const folder = folderOf({
      'base.yaml': SOURCES,
      'views/stats.yml': `
feature_views:
  - name: stats
    entities: [driver]
    source: history
    ttl: 90m
    pii: pii
    features: [{name: rate, type: double}, {name: age, type: int32, pii: none}]
feature_services:
  - name: model
    features: [{view: stats, features: [rate], join_key_map: {driver: the_driver}}]
`,
      'notes.txt': 'not looked at',
    });
    const project = await readDefinitions(folder, 'p');
    expect(project.views.get('stats')).toMatchObject({
      joinKeys: [{ name: 'driver', type: 'int64' }],
      ttlSeconds: 5400,
      features: [
        { name: 'rate', type: 'double', pii: 'pii' },
        { name: 'age', type: 'int32', pii: 'none' },
      ],
      batchSource: { path: join(folder, 'history.parquet'), timestampField: 'event_timestamp' },
    });
    expect(project.services.get('model')?.projections).toEqual([
      { view: 'stats', name: 'stats', features: ['rate'], joinKeyMap: { driver: 'the_driver' } },
    ]);
  });

  it.each<[string, string, RegExp]>([
    ['no YAML', 'entities: [', /views\.yaml:1:\d+: /],
    [
      'an unknown field, with the nearest',
      'feature_view:\n  - name: a\n',
      /^views\.yaml:1:1: feature_view: .*did you mean 'feature_views'/m,
    ],
    [
      'a field of another kind',
      'entities:\n  - name: a\n    type: int64\n    joinkey: b\n',
      /views\.yaml:4:5: entities\[0\]\.joinkey: .*did you mean 'join_key'/,
    ],
    [
      'an unknown type, with the nearest',
      'entities:\n  - name: a\n    type: int46\n',
      /views\.yaml:3:5: entities\[0\]\.type: 'int46' .*did you mean 'int64'/,
    ],
    ['a missing field', 'entities:\n  - name: a\n', /views\.yaml:2:5: entities\[0\]: .*type/],
    [
      'a TTL that is none',
      `${SOURCES}feature_views:\n  - {name: v, entities: [driver], source: history, ttl: soon, features: [{name: a, type: bool}]}\n`,
      /views\.yaml:7:\d+: feature_views\[0\]\.ttl: /,
    ],
    [
      'an entity that is not there',
      `${SOURCES}feature_views:\n  - {name: v, entities: [drivr], source: history, features: [{name: a, type: bool}]}\n`,
      /feature_views\[0\]\.entities\[0\]: .*'drivr'.*did you mean 'driver'/,
    ],
    [
      'a source that is not there',
      `${SOURCES}feature_views:\n  - {name: v, entities: [driver], source: nope, features: [{name: a, type: bool}]}\n`,
      /feature_views\[0\]\.source: .*'nope'/,
    ],
    [
      'a feature that the view lacks',
      `${SOURCES}feature_views:\n  - {name: v, entities: [driver], source: history, features: [{name: rate, type: bool}]}\nfeature_services:\n  - {name: s, features: [{view: v, features: [rat]}]}\n`,
      /feature_services\[0\]\.features\[0\]\.features\[0\]: .*did you mean 'rate'/,
    ],
    [
      'two of one name',
      `${SOURCES}  - {name: History, type: file, path: x.parquet}\n`,
      /sources\[1\]\.name: 'History' is defined twice/,
    ],
    [
      'a feature that is the key',
      `${SOURCES}feature_views:\n  - {name: v, entities: [driver], source: history, features: [{name: driver, type: bool}]}\n`,
      /features\[0\]\.name: the column 'driver'/,
    ],
    [
      'a file without a path',
      'sources:\n  - {name: s, type: file}\n',
      /sources\[0\]\.path: a file source needs a path/,
    ],
  ])('are refused for %s', async (_what, lines, expected) => {
    expect(await refused(lines)).toMatch(expected);
  });

  it('tells all that is wrong at once', async () => {
    const message = await refused('entities:\n  - {name: a, type: int46}\n  - {name: b, type: strin}\n');
    expect(message).toContain("'int46'");
    expect(message).toContain("'strin'");
  });

  it('are refused where there are none', async () => {
    await expect(readDefinitions(folderOf({ 'a.txt': '' }), 'p')).rejects.toThrow(/holds no .yaml file/);
    await expect(readDefinitions('/does/not/exist', 'p')).rejects.toThrow(/ENOENT/);
  });
});

suite("Feast's registry", { needs: ['mlops-python'] }, () => {
  it('means what the same definitions in YAML mean, and is read anew when it has changed', {
    timeout: 300_000,
  }, async () => {
    const repository = await makeRepository();
    cleanUp.push(repository.remove);
    configureFeast(repository.path, 'contract', '{type: sqlite}');
    python('definitions.py', repository.path);
    const registry = join(repository.path, 'registry.db');
    const theirs = await readRegistry(registry, repository.path);
    const ours = await readDefinitions(repository.path, 'contract');
    expect(comparable(theirs)).toEqual(comparable(ours));

    const catalogue = await Catalogue.open({ kind: 'feast', registry, project: undefined });
    cleanUp.push(() => catalogue.close());
    const before = catalogue.current;
    expect(await catalogue.fresh()).toBe(before);
    python('definitions.py', repository.path);
    const after = await catalogue.fresh();
    expect(after).not.toBe(before);
    expect(comparable(after)).toEqual(comparable(before));
    // Feast writes the file in place: half of it is there for a moment.
    writeFileSync(registry, readFileSync(registry).subarray(0, -7));
    await expect(catalogue.fresh()).rejects.toMatchObject({ code: 'NOT_READY' });
    expect(catalogue.current).toBe(after);
  });

  it('is refused where it is none', async () => {
    const folder = folderOf({ 'registry.db': 'not protobuf at all', 'empty.db': '' });
    await expect(readRegistry(join(folder, 'registry.db'), folder)).rejects.toThrow(/is not a registry of Feast/);
    await expect(readRegistry(join(folder, 'empty.db'), folder)).rejects.toThrow(/holds no project/);
    await expect(readRegistry(join(folder, 'nope.db'), folder)).rejects.toThrow(/ENOENT/);
  });
});

/** A project without what Feast adds by itself. */
function comparable({ name, entities, sources, views, services }: Project) {
  const plain = <T extends { name: string }>(items: ReadonlyMap<string, T>) =>
    [...items.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ ...item }) => item);
  return {
    name,
    entities: plain(entities),
    sources: plain(sources),
    services: plain(services),
    views: plain(views).map((view) => ({
      ...view,
      features: view.features.map(({ tags: { pii: _pii, ...tags }, ...feature }) => ({ ...feature, tags })),
    })),
  };
}
