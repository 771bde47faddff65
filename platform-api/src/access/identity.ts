import { randomBytes, timingSafeEqual } from 'node:crypto';
import { PlatformError } from '@mlops/errors';
import type { Caller } from '@mlops/operations';
import { FailedAttempts } from './failed-attempts.ts';
import { LOCAL_USER, type Person, SYSTEM } from './principal.ts';

/** Finds out who calls. */
export interface Identity {
  /** @throws UNAUTHENTICATED, TOO_MANY_ATTEMPTS */
  readonly identify: (caller: Caller) => Promise<Person>;
  /** The bearer token with which this process calls itself as the system; it is nowhere but in its memory. */
  readonly systemToken: string;
}

/** Whose a token is; `ended` for one that has expired or was revoked, undefined for one that never was. */
type TokenFinder = (token: string) => Promise<Person | 'ended' | undefined>;

export interface IdentityParts {
  readonly findToken: TokenFinder;
  readonly findSession: TokenFinder;
  /** What a page must send along with a session. */
  readonly csrfToken: (secret: string) => string;
}

/**
 * Who callers are.
 * @param mode `local` and `anonymous`: everybody is the local user; `required`: whoever has no valid token is nobody
 */
export function openIdentity(
  mode: 'local' | 'anonymous' | 'required',
  { findToken, findSession, csrfToken }: IdentityParts,
): Identity {
  const failed = new FailedAttempts();
  const systemToken = randomBytes(32).toString('base64url');
  const isSystem = (token: string) => {
    const [given, expected] = [Buffer.from(token), Buffer.from(systemToken)];
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
  return {
    systemToken,
    async identify({ authorization, ip }) {
      const token = tokenOf(authorization);
      if (token !== undefined && isSystem(token)) return SYSTEM;
      if (mode !== 'required') return LOCAL_USER;
      const session = sessionOf(authorization);
      if (session?.csrf !== undefined && session.csrf !== csrfToken(session.secret))
        throw new PlatformError('PERMISSION_DENIED', 'The page did not send X-CSRF-Token: load it again.');
      const found = session ? await findSession(session.secret) : await findToken(token ?? '');
      if (typeof found === 'object') return found;
      // Who has a token that has ended does not guess.
      if (token !== undefined && found === undefined) failed.count(ip, nameOf(authorization));
      const what = token === undefined ? 'The request carries no token' : 'The token is not valid (any more)';
      const how = 'Send one as "Authorization: Bearer TOKEN", or as the password of Basic (MLFLOW_TRACKING_TOKEN).';
      throw new PlatformError('UNAUTHENTICATED', `${what}. ${how}`);
    },
  };
}

/** The name that is claimed, where one is. */
function nameOf(authorization = ''): string | undefined {
  const [, credentials] = /^basic +(\S+)$/i.exec(authorization) ?? [];
  return credentials === undefined ? undefined : Buffer.from(credentials, 'base64').toString('utf8').split(':')[0];
}

/** `Session SECRET`, or with what a page sends along: see `callerOf`. */
function sessionOf(authorization: string | undefined): { secret: string; csrf: string | undefined } | undefined {
  const [, secret, csrf] = /^Session ([^:]*)(?::(.*))?$/.exec(authorization ?? '') ?? [];
  return secret === undefined ? undefined : { secret, csrf };
}

/** `Bearer TOKEN`, or `Basic` with the token as the password, as MLflow's clients send it. */
function tokenOf(authorization: string | undefined): string | undefined {
  const [, scheme = '', credentials = ''] = /^(\w+) +(\S+)$/.exec(authorization ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return credentials;
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1) || undefined;
}
