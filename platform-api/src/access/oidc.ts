import { createHash } from 'node:crypto';
import { PlatformError } from '@mlops/errors';
import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Issuer } from './issuers.ts';
import type { Person, Role } from './principal.ts';

/** Keys that an issuer has taken back are forgotten within this time, while it answers. */
const RENEW_MILLISECONDS = 600_000;
/** What is verified is believed for so long: a signature costs more than a prediction. */
const BELIEVED_MILLISECONDS = 60_000;
const BELIEVED_MAX = 20_000;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const FETCH_MILLISECONDS = 5000;

type Keys = ReturnType<typeof createRemoteJWKSet>;

/** Reads who somebody is from tokens (JWT) of OpenID providers; nothing is trusted but what a configured issuer has signed. */
export class OpenIdTokens {
  readonly #issuers: ReadonlyMap<string, Issuer>;
  readonly #keys = new Map<string, Promise<Keys>>();
  readonly #believed = new Map<string, { readonly person: Person; readonly until: number }>();
  readonly #renewing: NodeJS.Timeout;

  constructor(issuers: readonly Issuer[]) {
    this.#issuers = new Map(issuers.map((issuer) => [issuer.issuer, issuer]));
    this.#renewing = setInterval(() => void this.#renew(), RENEW_MILLISECONDS).unref();
  }

  close(): void {
    clearInterval(this.#renewing);
  }

  /**
   * Undefined for what is no token of one of the issuers, or is not valid.
   * @throws NOT_READY where the issuer cannot be asked for keys that are not known yet
   */
  async find(token: string): Promise<Person | undefined> {
    if (!JWT.test(token)) return undefined;
    const key = createHash('sha256').update(token).digest('base64url');
    const believed = this.#believed.get(key);
    if (believed && believed.until > Date.now()) return believed.person;
    const verified = await this.#verify(token);
    if (!verified) return undefined;
    const { person, expires } = verified;
    if (this.#believed.size >= BELIEVED_MAX) this.#believed.clear();
    this.#believed.set(key, { person, until: Math.min(expires, Date.now() + BELIEVED_MILLISECONDS) });
    return person;
  }

  async #verify(token: string): Promise<{ person: Person; expires: number } | undefined> {
    const issuer = this.#issuers.get(issuerOf(token) ?? '');
    if (!issuer) return undefined;
    try {
      const { payload } = await jwtVerify(token, await this.#keysOf(issuer.issuer), {
        issuer: issuer.issuer,
        audience: [issuer.audience, ...(issuer.client_id === undefined ? [] : [issuer.client_id])],
        algorithms: issuer.algorithms,
        clockTolerance: issuer.clock_skew_seconds,
        requiredClaims: ['exp', issuer.id_claim],
      });
      const person = personOf(issuer, payload);
      return person && { person, expires: (payload.exp ?? 0) * 1000 };
    } catch (error) {
      if (isRefused(error)) return undefined;
      const message = `The identity provider ${issuer.issuer} cannot be asked for its keys; try again.`;
      throw new PlatformError('NOT_READY', message, { cause: error });
    }
  }

  /** Looked for once; what failed is looked for again. A key that is not among them makes jose ask anew. */
  #keysOf(issuer: string): Promise<Keys> {
    const known = this.#keys.get(issuer);
    if (known) return known;
    const found = discover(issuer);
    this.#keys.set(issuer, found);
    found.catch(() => this.#keys.delete(issuer));
    return found;
  }

  /** An issuer that does not answer keeps the keys that are known of it: nobody is signed out because it is down. */
  async #renew(): Promise<void> {
    for (const keys of this.#keys.values()) await keys.then((found) => found.reload()).catch(() => {});
  }
}

/** OpenID Connect Discovery 1.0, section 4: the document must be of the issuer that was asked. */
async function discover(issuer: string): Promise<Keys> {
  const address = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(address, { signal: AbortSignal.timeout(FETCH_MILLISECONDS) });
  const found = (await response.json()) as { issuer?: string; jwks_uri?: string };
  if (!response.ok || found.issuer !== issuer || found.jwks_uri === undefined) {
    throw new Error(`${address} is not the discovery document of ${issuer}`);
  }
  return createRemoteJWKSet(new URL(found.jwks_uri), {
    cacheMaxAge: Number.POSITIVE_INFINITY,
    timeoutDuration: FETCH_MILLISECONDS,
  });
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** What says that a token is not valid, and not that nobody could say. */
function isRefused(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) && error.code !== 'ERR_JOSE_GENERIC'
  );
}

/** Undefined where the claims do not name anybody. */
function personOf(issuer: Issuer, claims: JWTPayload): Person | undefined {
  const id = claims[issuer.id_claim];
  if (typeof id !== 'string' || id === '') return undefined;
  const groups = new Set(['*', ...listOf(claims[issuer.groups_claim])]);
  const memberships = new Map<string, readonly Role[]>();
  for (const { group, team, roles } of issuer.memberships) {
    if (groups.has(group)) memberships.set(team, [...new Set([...(memberships.get(team) ?? []), ...roles])]);
  }
  const factors = issuer.mfa === undefined ? [] : listOf(claims[issuer.mfa.claim]);
  const hasSecondFactor = issuer.mfa?.values.some((value) => factors.includes(value)) ?? false;
  const [team] = memberships.keys();
  return { type: issuer.type, id: issuer.id_prefix + id, team, memberships, isMember: true, hasSecondFactor };
}

function listOf(claim: unknown): string[] {
  return [claim].flat().filter((each) => typeof each === 'string');
}
