import { X509Certificate } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { PlatformError } from '@mlops/errors';
import type { FastifyInstance } from 'fastify';

/** Files change when a certificate is renewed: this often they are looked at. */
const LOOK_MILLISECONDS = 2000;

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly minVersion: '1.2' | '1.3';
}

/** What settings say of TLS; undefined where the server speaks plain HTTP. @throws INVALID_PARAMETER for half of it */
export function tlsFiles(settings: {
  'tls-cert'?: string | undefined;
  'tls-key'?: string | undefined;
  'tls-min-version': '1.2' | '1.3';
}): TlsFiles | undefined {
  const { 'tls-cert': cert, 'tls-key': key, 'tls-min-version': minVersion } = settings;
  if (cert === undefined && key === undefined) return undefined;
  if (cert !== undefined && key !== undefined) return { cert, key, minVersion };
  const missing = cert === undefined ? 'tls-cert' : 'tls-key';
  throw new PlatformError('INVALID_PARAMETER', `${missing}: tls-cert and tls-key belong together.`, { field: missing });
}

/** What an HTTPS server is made with. @throws INVALID_PARAMETER where the files are no certificate with its key */
export function secureContext({ cert, key, minVersion }: TlsFiles) {
  try {
    const read = { cert: readFileSync(cert), key: readFileSync(key), minVersion: `TLSv${minVersion}` as const };
    createSecureContext(read);
    return read;
  } catch (error) {
    const message = `tls-cert, tls-key: ${cert} and ${key} are not a certificate and its key: ${(error as Error).message}.`;
    throw new PlatformError('INVALID_PARAMETER', message, { field: 'tls-cert', cause: error });
  }
}

/** Takes renewed files into use; half-written ones are left until they are whole. */
export function followTlsFiles(app: FastifyInstance, files: TlsFiles): void {
  const server = app.server as unknown as Server;
  const renew = () => {
    try {
      const context = secureContext(files);
      server.setSecureContext(context);
      const { validTo } = new X509Certificate(context.cert);
      app.log.info({ cert: files.cert, validTo }, 'a renewed certificate is in use');
    } catch (err) {
      app.log.error({ err }, 'the renewed certificate cannot be used; the one before stays');
    }
  };
  for (const file of [files.cert, files.key])
    watchFile(file, { interval: LOOK_MILLISECONDS, persistent: false }, renew);
  app.addHook('onClose', async () => {
    for (const file of [files.cert, files.key]) unwatchFile(file, renew);
  });
}
