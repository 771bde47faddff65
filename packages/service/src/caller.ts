import type { IncomingMessage } from 'node:http';
import { PlatformError } from '@mlops/errors';
import type { Caller } from '@mlops/operations';
import type { FastifyRequest } from 'fastify';

/** MLflow's clients name their workspace so; a workspace is a team. */
const TEAM_HEADER = 'x-mlflow-workspace';
const PREFIX = /^\/teams\/([^/?]+)(?=[/?]|$)/;
const inAddress = new WeakMap<IncomingMessage, string>();

/** Takes `/teams/NAME` from the front of an address: every protocol is served below it, for that team. */
export function rewriteTeamAddress(request: IncomingMessage): string {
  const { url = '/' } = request;
  const [prefix, name] = PREFIX.exec(url) ?? [];
  if (prefix === undefined || name === undefined) return url;
  inAddress.set(request, decoded(name));
  const rest = url.slice(prefix.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Who calls, as far as the door can tell. @throws INVALID_PARAMETER where address and header name different teams */
export function callerOf(request: FastifyRequest): Caller {
  const header = request.headers[TEAM_HEADER];
  const named = typeof header === 'string' && header.trim() !== '' ? header.trim() : undefined;
  const addressed = inAddress.get(request.raw);
  if (named !== undefined && addressed !== undefined && named !== addressed) {
    const message = `The address names the team '${addressed}', the header X-MLFLOW-WORKSPACE another one; leave one out.`;
    throw new PlatformError('INVALID_PARAMETER', message, { field: 'X-MLFLOW-WORKSPACE' });
  }
  const { id: requestId, ip, headers } = request;
  return { requestId, ip, authorization: headers.authorization ?? sessionOf(request), team: addressed ?? named };
}

/** What a browser sends of its session. */
export const sessionCookie = 'mlops_session';
const SESSION = new RegExp(`(?:^|; *)${sessionCookie}=([\\w.-]+)`);
const SAFE_METHODS = new Set(['GET', 'HEAD']);

/**
 * A cookie comes with whatever a browser is made to send. So `Session SECRET` reads only, and what may change something
 * must also say what only a page of ours knows: `Session SECRET:TOKEN`, with the header X-CSRF-Token.
 */
function sessionOf({ method, headers }: FastifyRequest): string | undefined {
  const [, secret] = SESSION.exec(headers.cookie ?? '') ?? [];
  if (secret === undefined) return undefined;
  if (SAFE_METHODS.has(method)) return `Session ${secret}`;
  const token = headers['x-csrf-token'];
  return `Session ${secret}:${typeof token === 'string' ? token : ''}`;
}

/** What is no valid escape names no team: it stays as it is, and is found nowhere. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
