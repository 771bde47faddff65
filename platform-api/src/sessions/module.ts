import type { Database } from '@mlops/database';
import type { Pipeline } from '@mlops/operations';
import { sessionCookie } from '@mlops/service';
import type { FastifyRequest } from 'fastify';
import type { Issuer, OpenIdTokens } from '../access/index.ts';
import { servedTable } from '../api/index.ts';
import type { Module } from '../module.ts';
import { sessionHandlers, sessionOperations } from './operations.ts';
import { cookieOf, signInRoutes } from './routes.ts';
import { sessionSchema } from './schema.ts';
import { csrfToken, Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';
import { SessionStore } from './store.ts';

export interface SessionsParts {
  readonly issuers: readonly Issuer[];
  readonly openId: OpenIdTokens;
  readonly pipeline: () => Pipeline;
}

export function openSessions(database: Database<unknown>, { issuers, openId, pipeline }: SessionsParts) {
  const sessions = new Sessions(new SessionStore(database));
  const signIn = new SignIn(issuers);
  return {
    name: 'sessions',
    find: (secret: string) => sessions.find(secret),
    /** Who looks at a page, and what it must send along with a change. */
    async visitor(request: FastifyRequest) {
      const secret = cookieOf(request, sessionCookie);
      const person = secret === undefined ? undefined : await sessions.find(secret);
      return secret !== undefined && typeof person === 'object'
        ? { id: person.id, csrf: csrfToken(secret) }
        : undefined;
    },
    schema: sessionSchema,
    tables: [servedTable(sessionOperations, sessionHandlers(sessions))],
    async routes(app) {
      const parts = { sessions, signIn, pipeline: pipeline(), personOf: (token: string) => openId.find(token) };
      await app.register(signInRoutes(parts));
    },
  } satisfies Module & Record<string, unknown>;
}
