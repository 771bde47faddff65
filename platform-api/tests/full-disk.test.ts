import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { smallDisk, startProgram } from '@mlops/testing';
import { describe, expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const MEGABYTES = 16;
const disk = smallDisk(MEGABYTES);

describe.skipIf(disk === undefined)('on a full disk (needs the right to mount a small one)', () => {
  it('uploads and writes are refused with 507, nothing half is kept, and everything goes on when there is space', async () => {
    const path = disk?.path ?? '';
    const platform = await startProgram(MAIN, [
      '--port',
      '0',
      '--data',
      join(path, 'data'),
      '--empty',
      '--log-level',
      'fatal',
    ]);
    const artifact = (name: string) => `${platform.url}/api/2.0/mlflow-artifacts/artifacts/0/x/${name}`;
    const create = async (name: string) => {
      const tags = Array.from({ length: 40 }, (_, i) => ({ key: `k${i}`, value: 'v'.repeat(4900) }));
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name, tags }),
      };
      const response = await fetch(`${platform.url}/api/2.0/mlflow/experiments/create`, init);
      await response.arrayBuffer();
      return response.status;
    };

    const upload = await fetch(artifact('big.bin'), {
      method: 'PUT',
      body: Buffer.alloc((MEGABYTES + 1) * 1024 * 1024),
    });
    expect(upload.status).toBe(507);
    expect((await fetch(artifact('big.bin'))).status).toBe(404);
    expect(await readdir(join(path, 'data/artifacts/incoming'))).toEqual([]);

    expect((await fetch(artifact('ballast.bin'), { method: 'PUT', body: Buffer.alloc(10 * 1024 * 1024) })).status).toBe(
      200,
    );
    const statuses: number[] = [];
    for (let i = 0; i < 60 && statuses.filter((status) => status !== 200).length < 5; i++)
      statuses.push(await create(`full-${i}`));
    expect(new Set(statuses)).toEqual(new Set([200, 507]));

    expect((await fetch(artifact('ballast.bin'), { method: 'DELETE' })).status).toBeLessThan(508);
    const search = await fetch(`${platform.url}/api/2.0/mlflow/experiments/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ max_results: 1000, filter: "name LIKE 'full-%'" }),
    });
    const { experiments } = (await search.json()) as { experiments: { name: string; tags: unknown[] }[] };
    const acknowledged = statuses.flatMap((status, i) => (status === 200 ? [`full-${i}`] : []));
    expect(experiments.map((each) => each.name).sort()).toEqual(acknowledged.sort());
    expect(experiments.every((each) => each.tags.length === 40)).toBe(true);
    expect(await create('after')).toBe(200);
    await platform.stop();
    disk?.remove();
  });
});
