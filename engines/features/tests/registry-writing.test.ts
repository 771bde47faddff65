import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, temporaryFolder } from '@mlops/testing';
import { expect, it } from 'vitest';
import { readDefinitions } from '../src/definitions/read.ts';
import type { Project } from '../src/model.ts';
import { readRegistry } from '../src/registry/read.ts';
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
