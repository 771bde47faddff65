import { openBlobs } from '@mlops/blobs';
import { openDatabase } from '@mlops/database';
import { direct, type Pipeline } from '@mlops/operations';
import { createServer } from '@mlops/service';
import { startMlflow, startPostgres, suite, temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, describe } from 'vitest';
import { openTracking, remoteTracking, type TrackingEngine, trackingRoutes } from '../src/index.ts';
import { artifactCases } from './contract/artifacts.ts';
import { experimentCases } from './contract/experiments.ts';
import { loggedModelCases } from './contract/logged-models.ts';
import { registryCases } from './contract/registry.ts';
import { runCases } from './contract/runs.ts';
import { searchCases } from './contract/search.ts';
import { type Implementation, Server } from './contract/server.ts';

// One suite, the same assertions, for each implementation of the operations, and for the real MLflow server itself.

const needs: Record<Implementation, string[]> = {
  sqlite: [],
  postgres: ['postgres'],
  workspace: [],
  mlflow: ['mlops-python'],
  remote: ['mlops-python'],
};

for (const [implementation, tools] of Object.entries(needs) as [Implementation, string[]][]) {
  suite(`MLflow's REST interface on ${implementation}`, { needs: tools }, () => {
    let server: Server;
    const cleanUp: (() => unknown)[] = [];

    beforeAll(async () => {
      server = new Server(await start(implementation, cleanUp), implementation);
    });
    afterAll(async () => {
      for (const step of cleanUp.reverse()) await step();
    });

    describe('experiments', () => experimentCases(() => server));
    describe('runs', () => runCases(() => server));
    describe('search', () => searchCases(() => server));
    describe('logged models', () => loggedModelCases(() => server));
    describe('registry', () => registryCases(() => server));
    describe('artifacts', () => artifactCases(() => server));
  });
}

async function start(implementation: Implementation, cleanUp: (() => unknown)[]): Promise<string> {
  if (implementation === 'mlflow' || implementation === 'remote') {
    const mlflow = await startMlflow();
    cleanUp.push(mlflow.stop);
    return implementation === 'mlflow' ? mlflow.url : serve(remoteTracking(mlflow.url), cleanUp);
  }
  const folder = temporaryFolder();
  cleanUp.push(folder.remove);
  const postgres = implementation === 'postgres' ? await startPostgres() : undefined;
  if (postgres) cleanUp.push(postgres.stop);
  const database = openDatabase<unknown>({ data: folder.path, database: postgres?.url });
  cleanUp.push(() => database.close());
  const engine = await openTracking({ database, blobs: openBlobs({ data: folder.path }) });
  if (implementation !== 'workspace') return serve(engine, cleanUp);
  await engine.addWorkspace('team-b');
  return serve(engine, cleanUp, (_call, perform) => perform('team-b'));
}

async function serve(engine: TrackingEngine, cleanUp: (() => unknown)[], pipeline: Pipeline = direct) {
  const app = createServer({ logLevel: 'fatal', allowedHosts: [] });
  await app.register(trackingRoutes, { engine, pipeline });
  cleanUp.push(() => app.close());
  return app.listen({ host: '127.0.0.1', port: 0 });
}
