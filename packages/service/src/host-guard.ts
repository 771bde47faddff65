import { isIP } from 'node:net';
import { PlatformError } from '@mlops/errors';
import type { FastifyInstance } from 'fastify';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const EXEMPT = new Set(['/health', '/healthz', '/readyz', '/version']);

/**
 * Keeps web pages of other sites from driving a server on this machine: a Host that is a foreign name (DNS rebinding)
 * is refused, and so is a state-changing request whose Origin is another one. Clients that are no browsers send no Origin.
 */
export function hostGuard(app: FastifyInstance, allowedHosts: readonly string[]): void {
  const allowed = new Set(allowedHosts);
  const knows = (name: string) => allowed.has('*') || allowed.has(name) || isLocal(name);
  app.addHook('onRequest', async (request) => {
    if (EXEMPT.has(request.url)) return;
    const host = nameOf(request.headers.host ?? '');
    if (!knows(host)) {
      const fix = `Add it to the setting 'allowed-hosts' if it is one of this server's names.`;
      throw new PlatformError('FOREIGN_HOST', `Invalid Host header '${host}'. ${fix}`);
    }
    const { origin } = request.headers;
    if (origin === undefined || SAFE_METHODS.has(request.method)) return;
    if (!knows(URL.parse(origin)?.hostname ?? '')) {
      throw new PlatformError('FOREIGN_HOST', `Cross-origin request from '${origin}' blocked.`);
    }
  });
}

function nameOf(host: string): string {
  return URL.parse(`http://${host}`)?.hostname ?? '';
}

function isLocal(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name.replace(/^\[|\]$/g, '')) !== 0;
}
