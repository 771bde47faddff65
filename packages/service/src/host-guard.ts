import { isIP } from 'node:net';
import { PlatformError } from '@mlops/errors';
import type { FastifyInstance } from 'fastify';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const EXEMPT = new Set(['/health', '/healthz', '/readyz', '/version']);

/**
 * Keeps web pages of other sites from driving a server on this machine: a Host that is a foreign name (DNS rebinding)
 * is refused, and so is a state-changing request whose Origin is not the address that the request itself names (another
 * port is another site), nor a host that was allowed by name. Clients that are no browsers send no Origin.
 */
export function hostGuard(app: FastifyInstance, allowedHosts: readonly string[]): void {
  const allowed = new Set(allowedHosts);
  /** The Host that passed last: most clients of a server write the same one. */
  let passed: string | undefined;
  app.addHook('onRequest', (request, _reply, done) => {
    const { host = '', origin } = request.headers;
    if (EXEMPT.has(request.url) || (origin === undefined && host === passed)) return done();
    const refusal = judge(allowed, request.method, host, origin);
    if (!refusal) passed = host;
    done(refusal);
  });
}

function judge(
  allowed: ReadonlySet<string>,
  method: string,
  host: string,
  origin: string | undefined,
): PlatformError | undefined {
  const name = URL.parse(`http://${host}`)?.hostname ?? '';
  if (!allowed.has('*') && !allowed.has(name) && !isLocal(name)) {
    const fix = `Add it to the setting 'allowed-hosts' if it is one of this server's names.`;
    return new PlatformError('FOREIGN_HOST', `Invalid Host header '${name}'. ${fix}`);
  }
  if (origin === undefined || SAFE_METHODS.has(method)) return undefined;
  const from = URL.parse(origin);
  const isOwn = from !== null && (allowed.has(from.hostname) || from.host === hostOf(from.protocol, host));
  return isOwn ? undefined : new PlatformError('FOREIGN_HOST', `Cross-origin request from '${origin}' blocked.`);
}

/** A Host header as a URL of the protocol shows it: without the protocol's own port. */
function hostOf(protocol: string, host: string): string | undefined {
  return URL.parse(`${protocol}//${host}`)?.host;
}

function isLocal(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name.replace(/^\[|\]$/g, '')) !== 0;
}
