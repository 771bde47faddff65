import { PlatformError } from '@mlops/errors';
import { operation, type Pipeline } from '@mlops/operations';
import { callerOf, sessionCookie } from '@mlops/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { commandLinePage, signInPage } from './pages.ts';
import { csrfToken, type Sessions } from './sessions.ts';
import type { Attempt, SignIn } from './sign-in.ts';

const ATTEMPT_COOKIE = 'mlops_sign_in';
const ATTEMPT_SECONDS = 600;
const SESSION_SECONDS = 8 * 3600;
const POLL_SECONDS = 2;

/** Somebody comes back from their provider: the call carries the provider's token, so the act is theirs. */
const createSession = operation('POST /login', {
  access: 'write',
  resource: { type: 'token' },
  request: Type.Object({}),
  response: Type.Object({ id: Type.String() }),
  details: (_input, { id }) => ({ session: id }),
});

export interface SignInParts {
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly pipeline: Pipeline;
  /** Who a provider's token is; see `OpenIdTokens.find`. */
  readonly personOf: (token: string) => Promise<Parameters<Sessions['start']>[0] | undefined>;
}

/** The pages on which people sign in, and what a command line asks meanwhile (in the manner of RFC 8628). */
export function signInRoutes({ sessions, signIn, pipeline, personOf }: SignInParts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get('/login', async (request, reply) => {
      const { return_to: returnTo = '/', issuer } = request.query as Record<string, string | undefined>;
      if (signIn.choices.length === 0 || (issuer === undefined && signIn.choices.length > 1))
        return html(reply, signInPage(signIn.choices, returnTo));
      const { url, attempt } = await signIn.begin(issuer, callbackOf(request), returnTo);
      setCookie(request, reply, ATTEMPT_COOKIE, encode(attempt), ATTEMPT_SECONDS);
      return reply.redirect(url.href);
    });

    app.get('/login/callback', async (request, reply) => {
      const attempt = decode(cookieOf(request, ATTEMPT_COOKIE));
      setCookie(request, reply, ATTEMPT_COOKIE, '', 0);
      if (!attempt)
        throw new PlatformError('UNAUTHENTICATED', 'The sign-in took too long, or began elsewhere; try again.');
      const query = request.url.split('?')[1] ?? '';
      const token = await signIn.finish(attempt, new URL(`${callbackOf(request)}?${query}`));
      const caller = { ...callerOf(request), authorization: `Bearer ${token}` };
      const { secret } = await pipeline(
        { name: 'createSession', operation: createSession, input: {}, caller },
        async () => {
          const person = await personOf(token);
          if (!person) throw new PlatformError('UNAUTHENTICATED', 'The identity provider’s token is not valid.');
          return sessions.start(person);
        },
      );
      setCookie(request, reply, sessionCookie, secret, SESSION_SECONDS);
      return reply.redirect(attempt.returnTo);
    });

    app.get('/login/command-line', async (request, reply) => {
      const { code = '' } = request.query as { code?: string };
      const secret = cookieOf(request, sessionCookie);
      const person = secret === undefined ? undefined : await sessions.find(secret);
      if (secret === undefined || typeof person !== 'object') {
        const here = `/login/command-line?${new URLSearchParams({ code }).toString()}`;
        return reply.redirect(`/login?${new URLSearchParams({ return_to: here }).toString()}`);
      }
      return html(reply, commandLinePage({ code, person: person.id, csrf: csrfToken(secret) }));
    });

    app.post('/login/command-line', async (request, reply) => {
      const { secret, userCode, expiresInSeconds } = await sessions.request();
      const page = `${addressOf(request)}/login/command-line`;
      return reply.send({
        device_code: secret,
        user_code: userCode,
        verification_uri: page,
        verification_uri_complete: `${page}?${new URLSearchParams({ code: userCode }).toString()}`,
        expires_in: expiresInSeconds,
        interval: POLL_SECONDS,
      });
    });

    app.post('/login/command-line/token', async (request, reply) => {
      const { device_code: secret } = (request.body ?? {}) as { device_code?: unknown };
      const state = await sessions.stateOf(typeof secret === 'string' ? secret : '');
      if (state === 'open') return reply.send({ access_token: secret, token_type: 'Bearer' });
      return reply.code(400).send({ error: state === 'waiting' ? 'authorization_pending' : 'expired_token' });
    });

    // The session itself ends by DELETE /api/v1/sessions/current, which another site's page cannot send.
    app.get('/logout', async (request, reply) => {
      setCookie(request, reply, sessionCookie, '', 0);
      return reply.redirect('/');
    });
  };
}

const addressOf = (request: FastifyRequest) => `${request.protocol}://${request.headers.host ?? ''}`;
const callbackOf = (request: FastifyRequest) => `${addressOf(request)}/login/callback`;
const encode = (attempt: Attempt) => Buffer.from(JSON.stringify(attempt)).toString('base64url');

function decode(text: string | undefined): Attempt | undefined {
  try {
    const read = JSON.parse(Buffer.from(text ?? '', 'base64url').toString('utf8')) as Attempt;
    return typeof read.state === 'string' && typeof read.returnTo === 'string' ? read : undefined;
  } catch {
    return undefined;
  }
}

function html(reply: FastifyReply, page: string): FastifyReply {
  // Nobody shows these pages inside of theirs.
  const policy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'";
  return reply
    .header('content-security-policy', policy)
    .header('cache-control', 'no-store')
    .type('text/html')
    .send(page);
}

/** A cookie's value. */
export function cookieOf(request: FastifyRequest, name: string): string | undefined {
  const found = (request.headers.cookie ?? '').split(/;\s*/).find((each) => each.startsWith(`${name}=`));
  return found?.slice(name.length + 1) || undefined;
}

/** `Lax`: other sites' pages do not send it with what changes something. RFC 6265bis. */
function setCookie(request: FastifyRequest, reply: FastifyReply, name: string, value: string, seconds: number): void {
  const secure = request.protocol === 'https' ? '; Secure' : '';
  reply.header('set-cookie', `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure}`);
}
