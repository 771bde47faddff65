import { migrate, openDatabase } from '@mlops/database';
import { temporaryFolder } from '@mlops/testing';
import { expect, it } from 'vitest';
import type { Revision } from '../src/deployments/deployment.ts';
import { Follower } from '../src/deployments/follower.ts';
import { LiveDeployments } from '../src/deployments/live.ts';
import { deploymentSchema, trafficSchema } from '../src/deployments/schema.ts';
import { DeploymentStore } from '../src/deployments/store.ts';
import type { ServingTarget } from '../src/serving/index.ts';

class StoreThatIsAwayOnce extends DeploymentStore {
  away = false;
  override find(name: string) {
    if (!this.away) return super.find(name);
    this.away = false;
    return Promise.reject(new Error('the database cannot be reached'));
  }
}

it('a deployment that is served is no failure any more once the database answers again', async () => {
  const folder = temporaryFolder();
  const database = openDatabase<unknown>({ data: folder.path });
  await migrate(database, 'platform', { ...deploymentSchema, ...trafficSchema });
  const store = new StoreThatIsAwayOnce(database);
  const target = {
    prepare: async () => ({ digest: '' }),
    verify: async () => {},
    route: async () => {},
    announce: () => {},
  } as unknown as ServingTarget;
  const live = new LiveDeployments(target);
  const follower = new Follower({ store, target, live, onError: () => {} });
  const revision = { deployment: 'd', revision: 1, modelName: 'm', modelVersion: '1', options: {} } as Revision;
  await store.save({ key: 'd', team: 't', createdAt: 1, deletedAt: null, liveRevision: 1 }, undefined);
  await store.addRevision({
    ...revision,
    model: '',
    digest: '',
    status: 'ready',
    error: null,
    createdAt: 1,
    createdBy: '',
  });
  await store.setTraffic('d', [{ revision: 1, weight: 100 }]);
  await follower.follow();
  store.away = true;
  await follower.follow();
  expect([...live.failures.keys()]).toEqual(['d']);
  await follower.follow();
  expect([...live.failures.keys()]).toEqual([]);
  await database.close();
  folder.remove();
});
