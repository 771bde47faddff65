import diagnostics from 'node:diagnostics_channel';
import { featureOperations } from '@mlops/features';
import { type InferenceOperationName, inferenceOperations, pathsOf } from '@mlops/inference';
import type { Operation } from '@mlops/operations';
import { artifactOperations, serverOperations, trackingOperations, workspaceOperations } from '@mlops/tracking';
import type { FastifyInstance } from 'fastify';
import { expect, it } from 'vitest';
import { openApi } from '../src/index.ts';
import { startPlatform } from './platform.ts';

/** What anyone may ask; no operation stands behind it. */
const PAGES = ['GET /', 'GET /docs', 'GET /docs/errors', 'GET /openapi.json'];
/** How somebody gets in: what it leads to, `createSession`, is an act. */
const SIGN_IN = [
  'GET /login',
  'GET /login/callback',
  'GET /login/command-line',
  'POST /login/command-line',
  'POST /login/command-line/token',
  'GET /logout',
];
const PROBES = ['GET /health', 'GET /healthz', 'GET /readyz', 'GET /metrics'];
/** Refused to everyone: MLflow's clients then fall back to a plain PUT or GET. */
const UNSUPPORTED = ['POST /mpu/create/*', 'POST /mpu/complete/*', 'POST /mpu/abort/*', 'GET /presigned/*'];
/** Rows of MLflow's scoring server: the platform serves one of them, elsewhere. */
const ALONE: readonly string[] = ['invoke', 'ping', 'scoringVersion'] satisfies InferenceOperationName[];

/** `GET /path` of each route that a server gets, however deep in its scopes. */
function collectRoutes(): { readonly found: Set<string>; readonly end: () => void } {
  const found = new Set<string>();
  const listen = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat()) if (each !== 'HEAD') found.add(`${each} ${url}`);
    });
  };
  diagnostics.subscribe('fastify.initialization', listen);
  return { found, end: () => diagnostics.unsubscribe('fastify.initialization', listen) };
}

const below = (prefix: string, routes: readonly string[]) => routes.map((route) => route.replace(' ', ` ${prefix}`));
const routesOf = (table: Readonly<Record<string, Operation>>) =>
  Object.values(table).flatMap(({ method, alsoMethods = [], path }) =>
    [method, ...alsoMethods].map((each) => `${each} ${path}`),
  );

function ofTables(): string[] {
  const { serverInfo, serverVersion } = serverOperations;
  const mlflow = ['/api', '/ajax-api'].flatMap((prefix) => [
    ...below(`${prefix}/2.0/mlflow`, routesOf(trackingOperations)),
    ...below(`${prefix}/3.0/mlflow`, routesOf({ serverInfo, ...workspaceOperations })),
    ...below(`${prefix}/2.0/mlflow-artifacts`, [...routesOf(artifactOperations), ...UNSUPPORTED]),
  ]);
  const inference = Object.entries(inferenceOperations)
    .filter(([name]) => !ALONE.includes(name))
    .flatMap(([name, { method }]) => pathsOf(name as InferenceOperationName).map((path) => `${method} ${path}`));
  const own = Object.entries(openApi.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  );
  const invocations = 'POST /api/v1/deployments/:name/invocations';
  return [...mlflow, ...routesOf({ serverVersion }), ...routesOf(featureOperations), ...inference, ...own, invocations];
}

it('serves what stands in a table of operations, pages and probes, and nothing else', async () => {
  const { found, end } = collectRoutes();
  const platform = await startPlatform();
  end();
  await platform.stop();
  platform.remove();
  expect([...found].sort()).toEqual([...ofTables(), ...PAGES, ...SIGN_IN, ...PROBES].sort());
  expect(found.size).toBeGreaterThan(100);
});
