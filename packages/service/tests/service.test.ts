import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect, createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { deflateSync, gzipSync } from 'node:zlib';
import { PlatformError } from '@mlops/errors';
import { temporaryFolder } from '@mlops/testing';
import Fastify from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createServer, listen } from '../src/index.ts';
import { refuseSlowBodies } from '../src/slow-bodies.ts';

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
  app.post('/echo', async (request) => request.body);
  return app;
}

describe('a server that speaks HTTPS', () => {
  /** A key and a certificate that it has signed itself, for a name. */
  function certificate(folder: string, name: string) {
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    spawnSync('openssl', [...args, '-subj', `/CN=${name}`, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { cert, key };
  }

  it('does so by TLS 1.3, takes a renewed certificate into use, and starts with nothing else', async () => {
    const folder = temporaryFolder();
    const files = certificate(folder.path, 'before');
    const app = createServer({ logLevel: 'silent', allowedHosts: [], tls: { ...files, minVersion: '1.3' } });
    servers.push(app);
    app.get('/x', async (request) => ({ protocol: request.protocol }));
    const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
    const peer = (options: object = {}) =>
      new Promise<string>((resolve) => {
        const socket = connectTls({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false, ...options });
        socket.once('secureConnect', () => {
          resolve(`${socket.getProtocol()} ${socket.getPeerCertificate().subject.CN}`);
          socket.destroy();
        });
        socket.once('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
      });
    expect(await peer()).toBe('TLSv1.3 before');
    expect(await peer({ maxVersion: 'TLSv1.2' })).toMatch(/ALERT|VERSION|RESET/);
    certificate(folder.path, 'after');
    while ((await peer()) !== 'TLSv1.3 after') await new Promise((next) => setTimeout(next, 200));
    writeFileSync(files.cert, 'half a');
    await new Promise((next) => setTimeout(next, 2500));
    expect(await peer()).toBe('TLSv1.3 after');
    const broken = () => createServer({ logLevel: 'silent', allowedHosts: [], tls: { ...files, minVersion: '1.3' } });
    expect(broken).toThrow('are not a certificate and its key');
    folder.remove();
  }, 20_000);

  it('believes forwarded headers only of proxies that it trusts', async () => {
    const ask = async (trustedProxies: string[]) => {
      const app = createServer({ logLevel: 'silent', allowedHosts: [], trustedProxies });
      servers.push(app);
      app.get('/who', async ({ ip, protocol }) => ({ ip, protocol }));
      const headers = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' };
      return (await app.inject({ url: '/who', headers, remoteAddress: '10.1.2.3' })).json();
    };
    expect(await ask([])).toEqual({ ip: '10.1.2.3', protocol: 'http' });
    expect(await ask(['192.168.0.0/16'])).toEqual({ ip: '10.1.2.3', protocol: 'http' });
    expect(await ask(['10.0.0.0/8'])).toEqual({ ip: '203.0.113.9', protocol: 'https' });
  });
});

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

  it('reads a large body as a small one, and goes on after one that is none', async () => {
    const app = server();
    const post = (payload: string) =>
      app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': 'application/json' }, payload });
    const large = { text: 'ä"\\\n'.repeat(200_000), list: [1, null, { deep: [true] }] };
    const many = JSON.stringify(Array.from({ length: 200_000 }, () => 1));
    const answers = await Promise.all([JSON.stringify(large).slice(0, -1), JSON.stringify(large), many].map(post));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([400, 200, 400]);
    expect(answers[1]?.json()).toEqual(large);
    expect(answers[0]?.json()).toMatchObject({ code: 'MALFORMED_REQUEST' });
    expect(answers[2]?.json().detail).toContain('more than 100000 values');
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

  it.each([
    ['http://evil.example', 403],
    ['http://203.0.113.9', 403],
    ['http://localhost:3000', 403],
    ['http://127.0.0.1:8080', 403],
    ['null', 403],
    ['http://localhost:8080', 200],
    ['https://mlops.example', 200],
  ])('asked at localhost:8080 by a page of %s answers %i', async (origin, status) => {
    const headers = { host: 'localhost:8080', origin };
    const changed = await server().inject({ method: 'POST', url: '/change', headers });
    expect(changed.statusCode).toBe(status);
    expect((await server().inject({ url: '/metrics', headers })).statusCode).toBe(200);
  });

  it('tells which methods an address answers', async () => {
    const answer = await server().inject('/change');
    expect(answer.statusCode).toBe(405);
    expect(answer.headers.allow).toBe('POST');
    expect(answer.json()).toMatchObject({
      code: 'METHOD_NOT_ALLOWED',
      detail: '/change does not answer GET, but POST.',
    });
  });

  it('reads compressed bodies, and refuses what it cannot read or what comes out too large', async () => {
    const send = (payload: Buffer, encoding: string) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
      return server().inject({ method: 'POST', url: '/echo', headers, payload });
    };
    const body = Buffer.from('{"a": 1}');
    expect((await send(gzipSync(body), 'gzip')).json()).toEqual({ a: 1 });
    expect((await send(deflateSync(body), 'deflate')).json()).toEqual({ a: 1 });
    expect((await send(body, 'gzip')).statusCode).toBe(400);
    expect((await send(gzipSync(body).subarray(0, 12), 'gzip')).statusCode).toBe(400);
    expect((await send(body, 'br')).statusCode).toBe(415);
    expect((await send(gzipSync(Buffer.alloc(65 * 1024 * 1024, ' ')), 'gzip')).statusCode).toBe(413);
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

describe('a body that trickles', () => {
  it('is refused, one that comes at once is not', async () => {
    const app = Fastify();
    servers.push(app);
    refuseSlowBodies(app, 0.2);
    app.post('/', async (request) => request.body);
    const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n');
    const drip = setInterval(() => socket.write(' '), 20);
    const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
    clearInterval(drip);
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status: 408, code: 'SLOW_BODY' });
    const headers = { 'content-type': 'application/json' };
    const whole = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body: '{"a":1}' });
    expect(await whole.json()).toEqual({ a: 1 });
  });
});
