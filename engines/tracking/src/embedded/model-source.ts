import { createHash } from 'node:crypto';
import { resolve, sep } from 'node:path';
import { basename } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import type { PlatformError } from '@mlops/errors';
import type { RequestOf } from '../engine.ts';
import { inWorkspace } from './artifacts.ts';
import { joinUri, type TrackingContext } from './context.ts';
import { loggedModel as anyLoggedModel, noLoggedModel } from './logged-models.ts';
import { existingVersion } from './registry-view.ts';
import { noRun, runNamed } from './runs.ts';
import { hasParentSegment, invalid, versionNumber } from './validation.ts';

type Request = RequestOf<'createModelVersion'>;

const PROXY_SCHEME = 'mlflow-artifacts:';
const PROMPT_SOURCES = new Set(['dummy-source', 'prompt-template']);
const LIKE_WILDCARDS = /[%_\\]/g;

/** Where a new version's files are, and the run that made them. */
interface Resolved {
  readonly storageLocation: string;
  readonly runId: string;
}

/**
 * Resolves and checks the source of a new model version. A source on this server must lie below the artifacts of the
 * run or the logged model that the request names: otherwise anyone could register, and read, any file.
 */
export async function resolveSource(context: TrackingContext, request: Request): Promise<Resolved> {
  const { source } = request;
  if (hasParentSegment(source)) throw invalidSource(source, "Source must not contain '..'.");
  if (request.model_id) await loggedModel(context, request.model_id);
  if (isPrompt(request)) return promptSource(request);
  const scheme = schemeOf(source);
  if (source.startsWith('models:/')) return resolveModelUri(context, request);
  if (source.startsWith('runs:/')) return resolveRunUri(context, request);
  const isLocal = scheme === undefined || scheme === 'file:';
  if (isLocal || scheme === PROXY_SCHEME) await checkContained(context, request, isLocal);
  return { storageLocation: source, runId: request.run_id ?? '' };
}

/** A prompt's text is in its tags; its source is one of the words that MLflow's clients write there. */
function promptSource({ source, run_id = '' }: Request): Resolved {
  if (PROMPT_SOURCES.has(source)) return { storageLocation: source, runId: run_id };
  throw invalidSource(source, `A prompt has no files; its source is ${[...PROMPT_SOURCES].join(' or ')}.`);
}

function isPrompt({ tags = [] }: Request): boolean {
  return tags.some((tag) => tag.key === 'mlflow.prompt.is_prompt' && tag.value?.toLowerCase() === 'true');
}

/** A URI's scheme with its colon, in lower case: schemes know no case. */
function schemeOf(uri: string): string | undefined {
  return /^[a-z][\w+.-]*:/i.exec(uri)?.[0].toLowerCase();
}

async function resolveModelUri(context: TrackingContext, request: Request): Promise<Resolved> {
  const { source } = request;
  const [first = '', ...rest] = source.slice('models:/'.length).split('/');
  if (first.startsWith('m-')) {
    const model = await loggedModel(context, first);
    if (request.model_id && request.model_id !== first) throw foreignSource(source);
    const storageLocation = rest.length === 0 ? model.artifact_uri : joinUri(model.artifact_uri, ...rest);
    return { storageLocation, runId: request.run_id || model.source_run_id };
  }
  const version = await existingVersion(context, first, versionNumber(rest[0] ?? ''));
  return { storageLocation: version.storage_location, runId: request.run_id || version.run_id };
}

async function resolveRunUri(context: TrackingContext, { source, run_id }: Request): Promise<Resolved> {
  const [id = '', ...rest] = source.slice('runs:/'.length).split('/');
  if (run_id && run_id !== id) throw foreignSource(source);
  const run = await runOf(context, id);
  return { storageLocation: joinUri(run.artifact_uri, ...rest), runId: id };
}

async function checkContained(context: TrackingContext, request: Request, isLocal: boolean): Promise<void> {
  const { source, run_id, model_id } = request;
  const roots: string[] = [];
  if (run_id) roots.push((await runOf(context, run_id)).artifact_uri);
  if (model_id) roots.push((await loggedModel(context, model_id)).artifact_uri);
  const asPath = (uri: string) => (isLocal ? localPath(uri) : uri.replace(/^mlflow-artifacts:\/*/, '/'));
  const wanted = asPath(source);
  const contained = roots.some((root) => {
    const base = asPath(root);
    return (
      base !== undefined &&
      wanted !== undefined &&
      (wanted === base || wanted.startsWith(`${base}${isLocal ? sep : '/'}`))
    );
  });
  if (contained) return;
  if (!isLocal) throw foreignSource(source);
  throw invalidSource(
    source,
    'To use a local path as a model version source, the run_id request parameter has to be specified and the local path has to be contained within the artifact directory of the run specified by the run_id.',
  );
}

function localPath(uri: string): string | undefined {
  const scheme = schemeOf(uri);
  if (scheme !== 'file:') return scheme === undefined ? resolve(uri) : undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}

async function loggedModel(context: TrackingContext, id: string) {
  const row = await anyLoggedModel(context, id);
  if (row.lifecycle_stage !== 'active') throw noLoggedModel(id);
  return row;
}

async function runOf(context: TrackingContext, id: string) {
  const row = await runNamed(context, id).executeTakeFirst();
  if (!row) throw noRun(id);
  return row;
}

function foreignSource(source: string): PlatformError {
  return invalidSource(source, 'The run_id request parameter must identify the resource that contains the source.');
}

function invalidSource(source: string, why: string): PlatformError {
  return invalid('source', `Invalid model version source: '${source}'. ${why}`);
}

/** The directory below the artifact root of a location that this server proxies; undefined for others. */
export function proxiedDirectory(location: string): string | undefined {
  if (!location.startsWith(PROXY_SCHEME)) return undefined;
  const path = location.slice(PROXY_SCHEME.length);
  // Either mlflow-artifacts:/path or mlflow-artifacts://host/path.
  return (path.startsWith('//') ? path.slice(2).replace(/^[^/]*/, '') : path).replace(/^\/+|\/+$/g, '');
}

/** Where the files of a location lie in the blob store, seen from the workspace; undefined for what lies elsewhere. */
export function storedDirectory({ workspace }: TrackingContext, location: string): string | undefined {
  const directory = proxiedDirectory(location);
  return directory === undefined ? undefined : inWorkspace(workspace, directory);
}

/**
 * `sha256:…` over the lines "digest  path" of all files below a location, by path, or of the one file at the location;
 * '' where the files did not pass here.
 */
export async function directoryDigest(context: TrackingContext, location: string): Promise<string> {
  const directory = storedDirectory(context, location);
  if (directory === undefined) return '';
  const pattern = `${directory.replace(LIKE_WILDCARDS, '_')}/%`;
  const rows = await context.database.query
    .selectFrom('artifacts')
    .select(['path', 'sha256'])
    .where((eb) => eb.or([eb('path', '=', directory), eb('path', 'like', pattern)]))
    .orderBy('path')
    .execute();
  const files = rows.filter((row) => row.path.startsWith(`${directory}/`));
  const [single] = rows.filter((row) => row.path === directory);
  if (single) return digestOfFiles([{ path: basename(directory), sha256: single.sha256 }]);
  if (files.length === 0) return '';
  return digestOfFiles(files.map(({ path, sha256 }) => ({ path: path.slice(directory.length + 1), sha256 })));
}

/** The digest of a directory from its files' digests; paths relative to the directory. */
export function digestOfFiles(files: readonly { path: string; sha256: string }[]): string {
  const lines = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).sort(byPath);
  return `sha256:${createHash('sha256').update(lines.join('')).digest('hex')}`;
}

const DIGEST_COLUMN = 66;

function byPath(a: string, b: string): number {
  const [pathA, pathB] = [a.slice(DIGEST_COLUMN), b.slice(DIGEST_COLUMN)];
  return pathA < pathB ? -1 : pathA > pathB ? 1 : 0;
}
