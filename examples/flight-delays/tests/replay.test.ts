import { join } from 'node:path';
import { createPlatformClient } from '@mlops/sdk';
import { startProgram, temporaryFolder } from '@mlops/testing';
import { expect, it } from 'vitest';
import { deployExample, replayTraffic } from '../src/index.ts';

it('July is predicted, and the arrivals reach the predictions they belong to', async () => {
  const folder = temporaryFolder();
  const main = join(import.meta.dirname, '../../../platform-api/src/main.ts');
  const platform = await startProgram(main, ['--port', '0', '--data', folder.path, '--empty']);
  await deployExample(platform.url);
  await replayTraffic(platform.url, { flights: 200, speed: 1e9 });
  const { data } = await createPlatformClient(platform.url).GET('/api/v1/deployments/{name}/predictions', {
    params: { path: { name: 'flight-delays' }, query: { limit: 1000 } },
  });
  const predictions = data?.predictions ?? [];
  expect(predictions).toHaveLength(200);
  const judged = predictions.flatMap(({ outputs, actual }) =>
    actual === null ? [] : [{ probability: Number(outputs.probability_late), late: Number(actual.value) }],
  );
  expect(judged.length).toBeGreaterThan(180);
  const mean = (late: number) => {
    const group = judged.filter((each) => each.late === late);
    return group.reduce((sum, each) => sum + each.probability, 0) / group.length;
  };
  expect(mean(1)).toBeGreaterThan(mean(0));
  await platform.stop();
  folder.remove();
});

it('an empty platform is given the example, a used one is left alone', async () => {
  const folder = temporaryFolder();
  const main = join(import.meta.dirname, '../../../platform-api/src/main.ts');
  const first = await startProgram(main, ['--port', '0', '--data', folder.path]);
  const deployments = async (url: string) =>
    (await createPlatformClient(url).GET('/api/v1/deployments', {})).data?.deployments ?? [];
  expect((await deployments(first.url)).map((each) => [each.name, each.status, each.live_revision])).toEqual([
    ['flight-delays', 'ready', 1],
  ]);
  await first.stop();
  const second = await startProgram(main, ['--port', '0', '--data', folder.path]);
  expect((await deployments(second.url)).map((each) => each.live_revision)).toEqual([1]);
  await second.stop();
  folder.remove();
});
