import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './generated/platform.ts';

/** The platform's own API, typed from its OpenAPI document. */
export type PlatformClient = Client<paths>;
export type Problem = components['schemas']['Problem'];

export interface PlatformClientOptions {
  readonly token?: string | undefined;
  /** For which team; default: the token's own. */
  readonly team?: string | undefined;
}

/**
 * A client of the platform at `url`, such as http://127.0.0.1:8080. Calls answer `{ data }` or `{ error }`, where the
 * error is an RFC 9457 problem; only what keeps an answer from coming at all is thrown.
 */
export function createPlatformClient(url: string, options: PlatformClientOptions = {}): PlatformClient {
  return createClient<paths>({ baseUrl: url.replace(/\/+$/, ''), headers: platformHeaders(options) });
}

/** What each request carries, also one of another protocol. */
export function platformHeaders({ token, team }: PlatformClientOptions): Record<string, string> {
  return {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(team === undefined ? {} : { 'x-mlflow-workspace': team }),
  };
}
