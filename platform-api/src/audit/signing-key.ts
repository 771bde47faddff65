import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { PlatformError } from '@mlops/errors';

const OWNER_ONLY = 0o600;

/** The Ed25519 key that signs checkpoints, in a PEM file. @throws INVALID_PARAMETER where there is none, or another kind */
export function readSigningKey(path: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(path));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (error) {
    throw new PlatformError('INVALID_PARAMETER', `audit-key: ${path} cannot be read as a private key.`, {
      cause: error,
    });
  }
  throw new PlatformError('INVALID_PARAMETER', `audit-key: the key in ${path} is not an Ed25519 key.`);
}

/** The key in a file that is made where there is none, readable by its owner alone. */
export function ownSigningKey(path: string): KeyObject {
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(path, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: OWNER_ONLY, flag: 'wx' });
  }
  return readSigningKey(path);
}
