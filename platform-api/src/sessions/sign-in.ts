import { readFileSync } from 'node:fs';
import { PlatformError } from '@mlops/errors';
import * as client from 'openid-client';
import type { Issuer } from '../access/index.ts';

const TIMEOUT_SECONDS = 5;

/** What the browser keeps while somebody is at their provider. */
export interface Attempt {
  readonly issuer: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Where they wanted to go. */
  readonly returnTo: string;
}

/** Leads people to their provider and back: the code flow of OpenID Connect with PKCE (RFC 7636). */
export class SignIn {
  readonly #issuers: readonly Issuer[];
  readonly #configurations = new Map<string, Promise<client.Configuration>>();

  /** @param issuers those with a `client_id` sign people in by a browser */
  constructor(issuers: readonly Issuer[]) {
    this.#issuers = issuers.filter(({ client_id }) => client_id !== undefined);
  }

  /** What people choose from. */
  get choices(): readonly { readonly issuer: string; readonly title: string }[] {
    return this.#issuers.map(({ issuer, title }) => ({ issuer, title: title ?? new URL(issuer).host }));
  }

  /** @throws NOT_FOUND for no such provider, NOT_READY where it does not answer */
  async begin(
    asked: string | undefined,
    redirectUri: string,
    returnTo: string,
  ): Promise<{ url: URL; attempt: Attempt }> {
    const issuer = this.#issuerOf(asked ?? this.#issuers[0]?.issuer ?? '');
    const configuration = await this.#configurationOf(issuer);
    const attempt = {
      issuer: issuer.issuer,
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
      returnTo: isLocalPath(returnTo) ? returnTo : '/',
    };
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: issuer.scopes,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
    });
    return { url, attempt };
  }

  /** The token that says who came back. @throws UNAUTHENTICATED where the answer is not one to this attempt */
  async finish({ issuer: name, state, nonce, verifier }: Attempt, url: URL): Promise<string> {
    const configuration = await this.#configurationOf(this.#issuerOf(name));
    try {
      const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
      const { id_token } = await client.authorizationCodeGrant(configuration, url, checks);
      if (id_token !== undefined) return id_token;
      throw new Error('no ID token');
    } catch (error) {
      const message = 'The identity provider did not sign you in; try again.';
      throw new PlatformError('UNAUTHENTICATED', message, { cause: error });
    }
  }

  #issuerOf(name: string): Issuer {
    const issuer = this.#issuers.find((each) => each.issuer === name);
    if (issuer) return issuer;
    throw new PlatformError('NOT_FOUND', 'Nobody signs in through this identity provider here.', { field: 'issuer' });
  }

  /** Looked for once; what failed is looked for again. */
  #configurationOf(issuer: Issuer): Promise<client.Configuration> {
    const known = this.#configurations.get(issuer.issuer);
    if (known) return known;
    const found = discover(issuer);
    this.#configurations.set(issuer.issuer, found);
    found.catch(() => this.#configurations.delete(issuer.issuer));
    return found;
  }
}

async function discover({ issuer, client_id = '', client_secret_file }: Issuer): Promise<client.Configuration> {
  const secret = client_secret_file === undefined ? undefined : readFileSync(client_secret_file, 'utf8').trim();
  // `readIssuers` lets only this machine's own be reached without TLS.
  const execute = new URL(issuer).protocol === 'http:' ? [client.allowInsecureRequests] : [];
  const authentication = secret === undefined ? client.None() : undefined;
  try {
    return await client.discovery(new URL(issuer), client_id, secret, authentication, {
      execute,
      timeout: TIMEOUT_SECONDS,
    });
  } catch (error) {
    const message = `The identity provider ${issuer} does not answer; try again.`;
    throw new PlatformError('NOT_READY', message, { cause: error });
  }
}

/** A path of this server: browsers read `//` and `/\` as other servers. */
function isLocalPath(path: string): boolean {
  return /^\/(?![/\\])/.test(path) && !/\p{Cc}/u.test(path);
}
