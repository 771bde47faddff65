import { createServer as createNetServer } from 'node:net';
import { PlatformError } from '@mlops/errors';
import { afterEach, describe, expect, it } from 'vitest';
import { createServer, listen } from '../src/index.ts';

const servers: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

function server() {
  const app = createServer({ logLevel: 'silent', allowedHosts: ['mlops.example'] });
  servers.push(app);
  app.get('/fails', async () => {
    throw new Error('the password is hunter2');
  });
  app.get('/refuses', async () => {
    throw new PlatformError('QUOTA_EXCEEDED', 'too much', { data: { limit: 1 } });
  });
  app.post('/change', async () => ({ done: true }));
  return app;
}

describe('a server', () => {
  it('answers errors as problems, with the request id and nothing of the inside', async () => {
    const failed = await server().inject('/fails');
    expect(failed.statusCode).toBe(500);
    expect(failed.headers['content-type']).toBe('application/problem+json');
    expect(failed.body).not.toContain('hunter2');
    expect(failed.json().request_id).toBe(failed.headers['x-request-id']);
    expect((await server().inject('/refuses')).json()).toMatchObject({ status: 429, code: 'QUOTA_EXCEEDED', limit: 1 });
    expect((await server().inject('/nowhere')).json()).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
    expect((await server().inject('/v2/nowhere')).json()).toEqual({ error: 'There is no GET /v2/nowhere.' });
  });

  it.each([
    ['localhost', 200],
    ['127.0.0.1:8080', 200],
    ['[::1]:8080', 200],
    ['mlops.example', 200],
    ['evil.example', 403],
  ])('asked as %s answers %i', async (host, status) => {
    const answer = await server().inject({ method: 'POST', url: '/change', headers: { host } });
    expect(answer.statusCode).toBe(status);
  });

  it('refuses changes from pages of other sites', async () => {
    const from = (origin: string) =>
      server().inject({ method: 'POST', url: '/change', headers: { host: 'localhost', origin } });
    expect((await from('http://evil.example')).statusCode).toBe(403);
    expect((await from('http://localhost:3000')).statusCode).toBe(200);
  });

  it('counts requests by route', async () => {
    const app = server();
    await app.inject({ method: 'POST', url: '/change' });
    await app.inject('/nowhere/1234');
    const { body } = await app.inject('/metrics');
    expect(body).toContain('http_requests_total{method="POST",route="/change",status="200"} 1');
    expect(body).not.toContain('1234');
  });
});

describe('listening', () => {
  it('on a port in use names it and the flag', async () => {
    const other = createNetServer().listen(0, '127.0.0.1');
    servers.push(other);
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const message = `port ${port} is in use; choose another with --port.`;
    await expect(listen(server(), { host: '127.0.0.1', port, identity: 'local' })).rejects.toThrow(message);
  });

  it('where others could call is refused without an identity source', async () => {
    await expect(listen(server(), { host: '0.0.0.0', port: 0, identity: 'local' })).rejects.toThrow(
      'no identity source is configured',
    );
    await expect(listen(server(), { host: '192.0.2.1', port: 0, identity: 'anonymous' })).rejects.toThrow('--host');
    expect(await listen(server(), { host: '127.0.0.1', port: 0, identity: 'local' })).toMatch(/^http:/);
  });
});
