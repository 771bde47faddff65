import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

/** The few calls of MLflow's REST interface that the example needs. */
export class MlflowClient {
  readonly #url: string;
  readonly #headers: Record<string, string>;

  /** @param token sent with each call; default: none */
  constructor(url: string, token?: string) {
    this.#url = url;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  async get<T>(path: string, query: Record<string, string>): Promise<T | undefined> {
    const response = await fetch(`${this.#url}/api/2.0/mlflow/${path}?${new URLSearchParams(query)}`, {
      headers: this.#headers,
    });
    return response.ok ? ((await response.json()) as T) : undefined;
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#send<T>('POST', path, body);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#send<T>('PATCH', path, body);
  }

  /** Uploads a folder's files below an artifact URI of the form mlflow-artifacts:/… */
  async uploadFolder(folder: string, artifactUri: string): Promise<void> {
    const root = artifactUri.replace(/^mlflow-artifacts:\/*/, '');
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const { size } = await stat(path);
      const body = Readable.toWeb(createReadStream(path));
      const response = await fetch(`${this.#url}/api/2.0/mlflow-artifacts/artifacts/${root}/${name}`, {
        method: 'PUT',
        body,
        duplex: 'half',
        headers: { ...this.#headers, 'content-length': String(size) },
      } as unknown as RequestInit);
      if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
    }
  }

  async #send<T>(method: string, path: string, body: unknown): Promise<T> {
    const response = await fetch(`${this.#url}/api/2.0/mlflow/${path}`, {
      method,
      headers: { ...this.#headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}
