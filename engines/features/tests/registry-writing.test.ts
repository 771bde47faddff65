import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres, suite, temporaryFolder } from '@mlops/testing';
import { expect, it } from 'vitest';
import { readDefinitions } from '../src/definitions/read.ts';
import type { Project } from '../src/model.ts';
import { readRegistry } from '../src/registry/read.ts';
import { SqlRegistry } from '../src/registry/sql.ts';
import { writeRegistry } from '../src/registry/write.ts';
import { configureFeast, python } from './feast.ts';
import { makeRepository } from './history.ts';

/** Maps, and what a registry has no word for, as plain objects. */
function plain({ entities, sources, views, services }: Project): unknown {
  const all = { entities, sources, views, services };
  return Object.fromEntries(
    Object.entries(all).map(([kind, map]) => [kind, [...map.values()].sort((a, b) => (a.name < b.name ? -1 : 1))]),
  );
}

it('is read back as it was defined; other projects and what Feast noted stay', async () => {
  const [repository, folder] = [await makeRepository(), temporaryFolder()];
  const path = join(folder.path, 'registry.db');
  const [first, other] = [await readDefinitions(repository.path, 'p'), await readDefinitions(repository.path, 'q')];
  expect(await writeRegistry(path, first)).toEqual([]);
  expect(plain(await readRegistry(path, repository.path))).toEqual(plain(first));
  await writeRegistry(path, other);
  const one = { ...first, views: new Map([...first.views].slice(0, 1)), services: new Map() };
  await writeRegistry(path, one);
  expect(plain(await readRegistry(path, repository.path, 'p'))).toEqual(plain(one));
  expect(plain(await readRegistry(path, repository.path, 'q'))).toEqual(plain(other));
  for (const each of [repository, folder]) each.remove();
});

it('of many writers has what each of them wrote', async () => {
  const [repository, folder] = [await makeRepository(), temporaryFolder()];
  const path = join(folder.path, 'registry.db');
  const names = Array.from({ length: 20 }, (_, i) => `p${i}`);
  const projects = await Promise.all(names.map((name) => readDefinitions(repository.path, name)));
  await Promise.all(projects.map((project) => writeRegistry(path, project)));
  for (const project of projects) expect(plain(await readRegistry(path, '/', project.name))).toEqual(plain(project));
  for (const each of [repository, folder]) each.remove();
});

it('leaves out what Feast cannot have, and touches no file that is no registry', async () => {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder.path, 'views.yaml'),
    `entities: [{name: id, type: int64}]
sources: [{name: events, type: push}]
feature_views: [{name: latest, entities: [id], source: events, features: [{name: n, type: int64}]}]
feature_services: [{name: all, features: [{view: latest}]}]`,
  );
  const project = await readDefinitions(folder.path, 'p');
  expect(await writeRegistry(join(folder.path, 'registry.db'), project)).toEqual(['latest']);
  const other = join(folder.path, 'notes.txt');
  writeFileSync(other, 'no registry at all');
  await expect(writeRegistry(other, project)).rejects.toMatchObject({ code: 'INVALID_PARAMETER' });
  expect(readFileSync(other, 'utf8')).toBe('no registry at all');
  folder.remove();
});

suite('a registry that was written here', { needs: ['mlops-python'] }, () => {
  it('is for Feast the one that it would have written itself', { timeout: 300_000 }, async () => {
    const repository = await makeRepository();
    configureFeast(repository.path, 'p', '{type: sqlite, path: online.db}');
    python('definitions.py', repository.path);
    await writeRegistry(join(repository.path, 'ours.db'), await readDefinitions(repository.path, 'p'));
    const { differences, views } = JSON.parse(
      python('same_definitions.py', repository.path, ['registry.db', 'ours.db']).trim().split('\n').at(-1) ?? '',
    );
    expect(differences).toEqual([]);
    expect(views).toEqual(['city', 'driver_fresh', 'driver_stats', 'orders']);
    // And into the one that Feast wrote: what it keeps beside the definitions is still there.
    const path = join(repository.path, 'registry.db');
    await writeRegistry(path, await readDefinitions(repository.path, 'p'));
    const again = JSON.parse(
      python('same_definitions.py', repository.path, ['ours.db', 'registry.db']).trim().split('\n').at(-1) ?? '',
    );
    expect(again.differences).toEqual([]);
    expect(readFileSync(path).includes('feature_view')).toBe(true);
    repository.remove();
  });
});

suite('a SQL registry', { needs: ['postgres'] }, () => {
  it('is read back as it was written; other projects stay, many writers take turns', async () => {
    const [repository, postgres] = [await makeRepository(), await startPostgres()];
    const registry = new SqlRegistry(postgres.url);
    await expect(registry.project('p')).rejects.toMatchObject({ code: 'INVALID_PARAMETER' });
    const names = Array.from({ length: 5 }, (_, i) => `p${i}`);
    const projects = await Promise.all(names.map((name) => readDefinitions(repository.path, name)));
    await registry.write(projects[0] as Project);
    const before = await registry.version();
    await Promise.all([...projects, ...projects].map((project) => registry.write(project)));
    expect(await registry.version()).not.toBe(before);
    for (const project of projects) expect(plain(await registry.project(project.name))).toEqual(plain(project));
    const fewer = { ...(projects[0] as Project), services: new Map() };
    await registry.write(fewer);
    expect(plain(await registry.project('p0'))).toEqual(plain(fewer));
    expect(plain(await registry.project('p1'))).toEqual(plain(projects[1] as Project));
    await registry.close();
    await postgres.stop();
    repository.remove();
  });
});

suite('a SQL registry that was written here', { needs: ['postgres', 'mlops-python'] }, () => {
  it('is for Feast what its file is', { timeout: 300_000 }, async () => {
    const [repository, postgres] = [await makeRepository(), await startPostgres()];
    const definitions = await readDefinitions(repository.path, 'p');
    configureFeast(repository.path, 'p', '{type: sqlite, path: online.db}');
    const registry = new SqlRegistry(postgres.url);
    await registry.write(definitions);
    await writeRegistry(join(repository.path, 'ours.db'), definitions);
    // SQLAlchemy's word for the driver.
    const address = postgres.url.replace(/^postgres(ql)?:/, 'postgresql+psycopg2:');
    const printed = python('same_definitions.py', repository.path, ['ours.db', address]);
    const { differences, views } = JSON.parse(printed.trim().split('\n').at(-1) ?? '');
    expect(differences).toEqual([]);
    expect(views).toEqual(['city', 'driver_fresh', 'driver_stats', 'orders']);
    await registry.close();
    await postgres.stop();
    repository.remove();
  });
});
