import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './generated/platform.ts';

/** The platform's own API, typed from its OpenAPI document. */
export type PlatformClient = Client<paths>;
export type Problem = components['schemas']['Problem'];

/**
 * A client of the platform at `url`, such as http://127.0.0.1:8080. Calls answer `{ data }` or `{ error }`, where the
 * error is an RFC 9457 problem; only what keeps an answer from coming at all is thrown.
 */
export function createPlatformClient(url: string, options: { readonly token?: string } = {}): PlatformClient {
  const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
  return createClient<paths>({ baseUrl: url.replace(/\/+$/, ''), headers });
}
