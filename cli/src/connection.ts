import {
  createPlatformClient,
  type PlatformClient,
  type PlatformClientOptions,
  type Problem,
  platformHeaders,
} from '@mlops/sdk';

/** A failure that the command ends with: one line that says what is wrong and what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** The platform that a command talks to. */
export class Connection {
  readonly url: string;
  readonly platform: PlatformClient;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, options: PlatformClientOptions = {}) {
    this.url = url.replace(/\/+$/, '');
    this.platform = createPlatformClient(this.url, options);
    this.#headers = platformHeaders(options);
  }

  /** The data of a call of the platform's own API. @throws CommandError */
  data = async <T>(call: Promise<{ data?: T; error?: Problem }>): Promise<T> => {
    const { data, error } = await call.catch((thrown: unknown) => {
      throw this.#unreachable(thrown);
    });
    if (error) throw new CommandError(error.detail);
    return data as T;
  };

  /** A call of one of the protocols on the platform's address. @throws CommandError */
  async json<T>(path: string, body?: unknown, method = 'POST'): Promise<T> {
    const init = { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await this.raw(path, body === undefined ? {} : init);
    return (await response.json()) as T;
  }

  async raw(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...this.#headers, ...(init.headers as Record<string, string> | undefined) };
    const response = await fetch(`${this.url}${path}`, { ...init, headers }).catch((thrown: unknown) => {
      throw this.#unreachable(thrown);
    });
    if (response.ok) return response;
    const text = await response.text();
    throw new CommandError(messageOf(text) ?? `${path} answered ${response.status}.`);
  }

  #unreachable(cause: unknown): CommandError {
    return new CommandError(
      `No platform answers at ${this.url}. Start one with 'mlops up', or name another with --url or MLOPS_URL.`,
      { cause },
    );
  }
}

/** The message of an error in any of the wires' forms. */
function messageOf(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { detail?: string; message?: string; error?: string };
    return body.detail ?? body.message ?? body.error;
  } catch {
    return undefined;
  }
}
