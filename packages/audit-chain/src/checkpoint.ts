import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { TreeHead } from './merkle.ts';

// A checkpoint says how many entries there are and the root of their tree, and is signed: C2SP's tlog-checkpoint in a
// signed note with Ed25519, so that tools for transparency logs read it as well.

export interface Checkpoint extends TreeHead {
  /** Which log it is of; the name of the key as well. */
  readonly origin: string;
}

const ED25519 = 1;
/** What stands in front of a public key's 32 bytes in its DER form (RFC 8410). */
const DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const SIGNATURE = /^— (\S+) ([A-Za-z0-9+/=]+)$/;

/** @param key an Ed25519 private key */
export function signCheckpoint({ origin, size, root }: Checkpoint, key: KeyObject): string {
  const text = `${origin}\n${size}\n${root.toString('base64')}\n`;
  const publicKey = rawKey(createPublicKey(key));
  const signature = Buffer.concat([keyId(origin, publicKey), sign(null, Buffer.from(text), key)]);
  return `${text}\n— ${origin} ${signature.toString('base64')}\n`;
}

/** A public key in one line, as signed notes write it: `<origin>+<id>+<key>`. @param key an Ed25519 key, private or public */
export function verifierKey(origin: string, key: KeyObject): string {
  const raw = rawKey(key.type === 'private' ? createPublicKey(key) : key);
  return `${origin}+${keyId(origin, raw).toString('hex')}+${Buffer.concat([Buffer.of(ED25519), raw]).toString('base64')}`;
}

/** What a checkpoint says, if one of the keys has signed it. @throws Error that says what is wrong with it */
export function openCheckpoint(note: string, verifierKeys: readonly string[]): Checkpoint {
  const end = note.indexOf('\n\n');
  const text = note.slice(0, end + 1);
  const [origin = '', sizeText = '', root = ''] = text.split('\n');
  if (end < 0 || !/^\d{1,15}$/.test(sizeText)) throw new Error('it is not a checkpoint');
  const signatures = note
    .slice(end + 2)
    .split('\n')
    .flatMap((line) => {
      const [, name, value = ''] = SIGNATURE.exec(line) ?? [];
      return name === origin ? [Buffer.from(value, 'base64')] : [];
    });
  const isSigned = verifierKeys.some((line) => {
    const { name, id, key } = readVerifierKey(line);
    const signature = signatures.find((each) => each.subarray(0, 4).equals(id))?.subarray(4);
    return name === origin && signature !== undefined && verify(null, Buffer.from(text), key, signature);
  });
  if (!isSigned) throw new Error('none of the keys has signed it');
  return { origin, size: Number(sizeText), root: Buffer.from(root, 'base64') };
}

function readVerifierKey(line: string): { name: string; id: Buffer; key: KeyObject } {
  const [, name = '', id = '', text = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(line.trim()) ?? [];
  const bytes = Buffer.from(text, 'base64');
  const raw = bytes.subarray(1);
  if (bytes[0] !== ED25519 || raw.length !== 32 || !keyId(name, raw).equals(Buffer.from(id, 'hex'))) {
    throw new Error(`'${line.trim().slice(0, 100)}' is not a verifier's key`);
  }
  const key = createPublicKey({ key: Buffer.concat([DER_PREFIX, raw]), format: 'der', type: 'spki' });
  return { name, id: keyId(name, raw), key };
}

function rawKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(DER_PREFIX.length);
}

/** The first four bytes of the hash of name and key. */
function keyId(name: string, raw: Buffer): Buffer {
  return createHash('sha256').update(`${name}\n`).update(Buffer.of(ED25519)).update(raw).digest().subarray(0, 4);
}
