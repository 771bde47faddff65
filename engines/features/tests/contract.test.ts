import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from '@mlops/child-process';
import {
  freePort,
  needTool,
  pythonEnvironment,
  startPostgres,
  startRedis,
  suite,
  temporaryFolder,
} from '@mlops/testing';
import { afterAll, beforeAll, describe } from 'vitest';
import { onlineCases } from './contract/online.ts';
import { writingCases } from './contract/writing.ts';
import { configureFeast, python, redisStore } from './feast.ts';
import { makeRepository } from './history.ts';
import { FeatureServer, serverOf } from './serving.ts';

// One suite, the same assertions, for each online store, for definitions as YAML and as Feast's registry, and for Feast's
// own server. Where Feast's answer is known to be untrue, the case says so.

const implementations: Record<string, readonly string[]> = {
  sqlite: [],
  postgres: ['postgres'],
  redis: ['redis-server'],
  "redis with Feast's registry": ['redis-server', 'mlops-python'],
  "Feast's own server on redis": ['redis-server', 'mlops-python'],
};

for (const [implementation, needs] of Object.entries(implementations)) {
  suite(`Feast's HTTP interface: ${implementation}`, { needs }, () => {
    let server: FeatureServer;
    const cleanUp: (() => unknown)[] = [];

    beforeAll(async () => {
      server = await start(implementation, cleanUp);
    });
    afterAll(async () => {
      for (const step of cleanUp.reverse()) await step();
    });

    describe('online', () => onlineCases(() => server));
    describe('writing', () => writingCases(() => server));
  });
}

async function start(implementation: string, cleanUp: (() => unknown)[]): Promise<FeatureServer> {
  const repository = await makeRepository();
  const data = temporaryFolder();
  cleanUp.push(repository.remove, data.remove);
  const settings = ['--data', data.path, '--project', 'contract'];
  const yaml = ['--definitions', repository.path];
  if (implementation === 'sqlite') return serve([...settings, ...yaml], cleanUp);
  if (implementation === 'postgres') {
    const postgres = await startPostgres();
    cleanUp.push(postgres.stop);
    return serve([...settings, ...yaml, '--database', postgres.url], cleanUp);
  }
  const redis = await startRedis();
  cleanUp.push(redis.stop);
  if (implementation === 'redis') return serve([...settings, ...yaml, '--online', redis.url], cleanUp);
  applyWithFeast(repository.path, redis.url);
  if (implementation === "Feast's own server on redis") return startFeast(repository.path, cleanUp);
  return serve([...settings, '--registry', join(repository.path, 'registry.db'), '--online', redis.url], cleanUp);
}

async function serve(argv: string[], cleanUp: (() => unknown)[]): Promise<FeatureServer> {
  const app = await serverOf(...argv);
  cleanUp.push(() => app.close());
  return new FeatureServer(await app.listen({ host: '127.0.0.1', port: 0 }));
}

let registry: Buffer | undefined;

/** A repository of Feast with everything applied: Feast takes long for it, so it does so once. */
function applyWithFeast(repository: string, redis: string): void {
  configureFeast(repository, 'contract', redisStore(redis));
  const file = join(repository, 'registry.db');
  if (registry !== undefined) {
    writeFileSync(file, registry);
    return;
  }
  python('definitions.py', repository);
  registry = readFileSync(file);
}

/** Feast's server, with the one worker that never restarts. */
async function startFeast(repository: string, cleanUp: (() => unknown)[]): Promise<FeatureServer> {
  const interpreter = needTool('mlops-python');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = [
    '-c',
    repository,
    'serve',
    '-h',
    '127.0.0.1',
    '-p',
    String(port),
    '--no-access-log',
    '--max-requests',
    '0',
  ];
  const { stop } = await startServer(join(interpreter, '../feast'), args, `${url}/health`, {
    env: pythonEnvironment(interpreter),
    cwd: repository,
  });
  cleanUp.push(stop);
  return new FeatureServer(url, true);
}
