import { dirname } from 'node:path/posix';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { joinPath } from '@mlops/blobs';
import { type ErrorCode, PlatformError } from '@mlops/errors';
import { toJsonNumber } from '@mlops/json-numbers';
import type { Operation } from '@mlops/operations';
import { DEFAULT_WORKSPACE } from './embedded/context.ts';
import { proxiedDirectory } from './embedded/model-source.ts';
import type {
  OperationName,
  TrackingArtifacts,
  TrackingEngine,
  TrackingOperations,
  TrackingWorkspace,
} from './engine.ts';
import { trackingOperations } from './operations/index.ts';
import { entryOf } from './search/fields.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  RESOURCE_DOES_NOT_EXIST: 'NOT_FOUND',
  NOT_FOUND: 'NOT_FOUND',
  ENDPOINT_NOT_FOUND: 'NOT_IMPLEMENTED',
  RESOURCE_ALREADY_EXISTS: 'ALREADY_EXISTS',
  INVALID_PARAMETER_VALUE: 'INVALID_PARAMETER',
  BAD_REQUEST: 'INVALID_PARAMETER',
  PERMISSION_DENIED: 'PERMISSION_DENIED',
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  RESOURCE_CONFLICT: 'CONFLICT',
  INVALID_STATE: 'INVALID_STATE',
  NOT_IMPLEMENTED: 'NOT_IMPLEMENTED',
  FEATURE_DISABLED: 'NOT_IMPLEMENTED',
  TEMPORARILY_UNAVAILABLE: 'NOT_READY',
};

const WORKSPACE_HEADER = 'x-mlflow-workspace';

/**
 * A real MLflow server in the tracking engine's seat: the same operations over its REST interface. Workspaces are its
 * own (`mlflow server --enable-workspaces`); without them it knows only `default`.
 */
export function remoteTracking(url: string): TrackingEngine {
  const base = url.replace(/\/+$/, '');
  const workspaces = new Map<string, TrackingWorkspace>();
  return {
    workspace(name) {
      const known = workspaces.get(name);
      if (known) return known;
      const opened = remoteWorkspace({ base, headers: name === DEFAULT_WORKSPACE ? {} : { [WORKSPACE_HEADER]: name } });
      workspaces.set(name, opened);
      return opened;
    },
    async addWorkspace(name) {
      const url = new URL(`${base}/api/3.0/mlflow/workspaces`);
      const headers = { 'content-type': 'application/json' };
      await send(url, { method: 'POST', headers, body: JSON.stringify({ name }) }).catch((error: unknown) => {
        if (!(error instanceof PlatformError && error.code === 'ALREADY_EXISTS')) throw error;
      });
    },
    workspaceOf: () => Promise.resolve(undefined),
    used: () => Promise.resolve(undefined),
    async check() {
      await send(new URL(`${base}/health`), {});
    },
    sharesDatabase: false,
    close: () => Promise.resolve(),
  };
}

/** A server, and what each request to it carries. */
interface Upstream {
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
}

function remoteWorkspace(upstream: Upstream): TrackingWorkspace {
  const names = Object.keys(trackingOperations) as OperationName[];
  const operations = Object.fromEntries(
    names.map((name) => {
      const row: Operation = trackingOperations[name];
      return [name, (request: Record<string, unknown>) => callOperation(upstream, row, request)];
    }),
  ) as unknown as TrackingOperations;
  const artifacts = remoteArtifacts({ ...upstream, base: `${upstream.base}/api/2.0/mlflow-artifacts` });
  return {
    operations,
    artifacts,
    async modelVersionFiles(name, version) {
      const { artifact_uri } = await operations.getModelVersionDownloadUri({ name, version });
      const directory = proxiedDirectory(await resolveRun(operations, artifact_uri));
      if (directory === undefined) {
        throw new PlatformError(
          'INVALID_STATE',
          `The files of ${name}/${version} are at ${artifact_uri}, not below the server's artifact root.`,
        );
      }
      const parent = await artifacts.list(dirname(`/${directory}`).slice(1));
      const isFile = parent.some(({ path, isDirectory }) => path === directory && !isDirectory);
      return { directory, isFile, digest: undefined };
    },
  };
}

async function callOperation(
  { base, headers: own }: Upstream,
  row: Operation,
  request: Record<string, unknown>,
): Promise<unknown> {
  const query = { ...request };
  const path = row.path.replace(/:(\w+)/g, (_match, name: string) => {
    const value = String(query[name]);
    delete query[name];
    return encodeURIComponent(value);
  });
  const url = new URL(`${base}/api/2.0/mlflow${path}`);
  if (row.method === 'GET') {
    for (const [name, value] of Object.entries(query)) {
      for (const item of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(item));
    }
    return (await send(url, { headers: own })).json();
  }
  const headers = { ...own, 'content-type': 'application/json' };
  const text = await (
    await send(url, { method: row.method, headers, body: JSON.stringify(request, notFiniteAsText) })
  ).text();
  return text === '' ? {} : JSON.parse(text);
}

/** `runs:/ID/path` as a location below the run's artifacts; any other URI as it is. */
async function resolveRun(operations: TrackingOperations, uri: string): Promise<string> {
  const [, run_id, path = ''] = /^runs:\/([^/]+)\/?(.*)$/.exec(uri) ?? [];
  if (run_id === undefined) return uri;
  const { run } = await operations.getRun({ run_id });
  return `${run.info.artifact_uri}/${path}`;
}

/** JSON has no NaN; MLflow reads its name. */
function notFiniteAsText(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? toJsonNumber(value) : value;
}

function remoteArtifacts({ base, headers: own }: Upstream): TrackingArtifacts {
  const address = (path: string) => `${base}/artifacts/${path.split('/').map(encodeURIComponent).join('/')}`;
  return {
    async put(path, content) {
      const body = Readable.toWeb(content) as ReadableStream<Uint8Array>;
      await send(new URL(address(path)), { method: 'PUT', headers: own, body, duplex: 'half' });
      return { size: 0, sha256: '' };
    },
    async open(path, range) {
      const headers = range ? { ...own, range: `bytes=${range.start}-${range.end ?? ''}` } : own;
      const response = await send(new URL(address(path)), { headers });
      const size = Number(response.headers.get('content-length') ?? 0);
      const body = response.body as ReadableStream<Uint8Array> | null;
      return { size, stream: body ? Readable.fromWeb(body) : Readable.from([]) };
    },
    async list(directory) {
      const url = new URL(`${base}/artifacts`);
      url.searchParams.set('path', directory);
      const { files = [] } = (await (await send(url, { headers: own })).json()) as {
        files?: { path: string; is_dir: boolean; file_size?: number }[];
      };
      return files.map(({ path, is_dir, file_size }) => ({
        path: joinPath(directory, path),
        isDirectory: is_dir,
        ...(file_size === undefined ? {} : { size: file_size }),
      }));
    },
    async delete(path) {
      await send(new URL(address(path)), { method: 'DELETE', headers: own });
    },
  };
}

/** @throws the upstream's own refusal, or UPSTREAM_FAILED where it did not answer as MLflow does */
async function send(url: URL, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch((error: unknown) => {
    throw new PlatformError('UPSTREAM_FAILED', `The tracking server at ${url.origin} cannot be reached.`, {
      cause: error,
    });
  });
  if (response.ok) return response;
  const text = await response.text();
  let body: { error_code?: string; message?: string } = {};
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    // Not MLflow's form: told below by its status.
  }
  const code =
    entryOf(CODES, String(body.error_code)) ?? (response.status >= 500 ? 'UPSTREAM_FAILED' : 'INVALID_PARAMETER');
  throw new PlatformError(code, body.message ?? `The tracking server answered ${response.status}.`, { internal: text });
}
