import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Platform } from '../platform.ts';

const TIMEOUT_MS = 120_000;

export interface Version {
  readonly name: string;
  readonly version: string;
  readonly status: string;
  readonly run_id?: string;
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
}

export interface Run {
  readonly info: { readonly run_id: string; readonly status: string; readonly artifact_uri: string };
  readonly data: {
    readonly metrics?: readonly { readonly key: string; readonly value: number }[];
    readonly tags?: readonly { readonly key: string; readonly value: string }[];
  };
}

/** The registry of a running platform, by MLflow's REST interface. */
export class Registry {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url, authorization }: Platform) {
    this.#url = url;
    this.#headers = authorization === undefined ? {} : { authorization };
  }

  async version(name: string, version: string): Promise<Version> {
    const query = { name, version };
    const { model_version: found } = await this.#get<{ model_version: Version }>('mlflow/model-versions/get', query);
    return found;
  }

  /** The version that an alias points at; undefined where the model has no such alias. */
  async aliased(name: string, alias: string): Promise<Version | undefined> {
    const { registered_model: model } = await this.#get<{
      registered_model: { aliases?: readonly { alias: string; version: string }[] };
    }>('mlflow/registered-models/get', { name });
    const version = model.aliases?.find((one) => one.alias === alias)?.version;
    return version === undefined ? undefined : this.version(name, version);
  }

  async setAlias(name: string, alias: string, version: string): Promise<void> {
    await this.#fetch('mlflow/registered-models/alias', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, alias, version }),
    });
  }

  async run(id: string): Promise<Run> {
    return (await this.#get<{ run: Run }>('mlflow/runs/get', { run_id: id })).run;
  }

  /** Copies a version's files into a folder. @throws where there are none, or one has a path that leaves it. */
  async download(name: string, version: string, folder: string): Promise<string[]> {
    const { artifact_uri: uri } = await this.#get<{ artifact_uri: string }>('mlflow/model-versions/get-download-uri', {
      name,
      version,
    });
    const [, run, path = ''] = /^runs:\/([^/]+)\/?(.*)$/.exec(uri) ?? [];
    const root = run === undefined ? proxied(uri) : [proxied((await this.run(run)).info.artifact_uri), path].join('/');
    const files = await this.#below(root);
    if (files.length === 0) throw new Error(`${name}/${version} has no files`);
    for (const file of files) {
      const target = join(folder, file);
      if (!target.startsWith(folder)) throw new Error(`${name}/${version} has a file outside of its folder: ${file}`);
      await mkdir(dirname(target), { recursive: true });
      const { body } = await this.#fetch(artifact(`${root}/${file}`));
      if (body === null) throw new Error(`${file} has no content`);
      await pipeline(Readable.fromWeb(body), createWriteStream(target));
    }
    return files;
  }

  /** A file of a run's artifacts; undefined where there is none. */
  async artifactOf(run: Run, path: string): Promise<Buffer | undefined> {
    const root = proxied(run.info.artifact_uri);
    const files = await this.#below(dirname(`${root}/${path}`));
    if (!files.includes(path.slice(path.lastIndexOf('/') + 1))) return undefined;
    return Buffer.from(await (await this.#fetch(artifact(`${root}/${path}`))).arrayBuffer());
  }

  /** Puts a file into a run's artifacts. */
  async upload(run: Run, path: string, file: string): Promise<void> {
    await this.#fetch(artifact(`${proxied(run.info.artifact_uri)}/${path}`), {
      method: 'PUT',
      body: await readFile(file),
    });
  }

  /** The files below a folder of the artifact proxy, relative to it. */
  async #below(root: string, inside = ''): Promise<string[]> {
    const { files = [] } = await this.#get<{ files?: readonly { path: string; is_dir: boolean }[] }>(
      'mlflow-artifacts/artifacts',
      { path: inside === '' ? root : `${root}/${inside}` },
    );
    const found: string[] = [];
    for (const { path, is_dir: isFolder } of files) {
      const here = inside === '' ? path : `${inside}/${path}`;
      found.push(...(isFolder ? await this.#below(root, here) : [here]));
    }
    return found.sort();
  }

  async #get<T>(path: string, query: Readonly<Record<string, string>>): Promise<T> {
    return (await (await this.#fetch(`${path}?${new URLSearchParams(query)}`)).json()) as T;
  }

  async #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(`${this.#url}/api/2.0/${path}`, {
      ...init,
      headers: { ...this.#headers, ...(init.headers as Record<string, string> | undefined) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return response;
    const text = await response.text();
    throw new Error(`${path.split('?')[0]}: ${response.status} ${text.slice(0, 500)}`);
  }
}

const artifact = (path: string) => `mlflow-artifacts/artifacts/${path.split('/').map(encodeURIComponent).join('/')}`;

/** The path of an artifact's address below the platform's proxy. @throws where the address is none of it. */
function proxied(uri: string): string {
  const path = /^mlflow-artifacts:(?:\/\/[^/]*)?\/*(.+)$/.exec(uri)?.[1];
  if (path === undefined) throw new Error(`the artifacts at ${uri} are not behind the platform's proxy`);
  return path.replace(/\/+$/, '');
}
