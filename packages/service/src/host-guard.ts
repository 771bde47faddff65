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
  app.addHook('onRequest', async (request) => {
    if (EXEMPT.has(request.url)) return;
    const { host = '', origin } = request.headers;
    const name = URL.parse(`http://${host}`)?.hostname ?? '';
    if (!allowed.has('*') && !allowed.has(name) && !isLocal(name)) {
      const fix = `Add it to the setting 'allowed-hosts' if it is one of this server's names.`;
      throw new PlatformError('FOREIGN_HOST', `Invalid Host header '${name}'. ${fix}`);
    }
    if (origin === undefined || SAFE_METHODS.has(request.method)) return;
    const from = URL.parse(origin);
    const isOwn = from !== null && (allowed.has(from.hostname) || from.host === hostOf(from.protocol, host));
    if (!isOwn) throw new PlatformError('FOREIGN_HOST', `Cross-origin request from '${origin}' blocked.`);
  });
}

/** A Host header as a URL of the protocol shows it: without the protocol's own port. */
function hostOf(protocol: string, host: string): string | undefined {
  return URL.parse(`${protocol}//${host}`)?.host;
}

function isLocal(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name.replace(/^\[|\]$/g, '')) !== 0;
}
