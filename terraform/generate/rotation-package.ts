import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

const folder = join(import.meta.dirname, '../modules/rotation');

/**
 * Lambda's deployment package of the rotation function: a zip archive with one stored (uncompressed) entry and a fixed
 * date, so that the same source gives the same bytes on every machine. Terraform's own provider for archives would be a
 * second provider. Format: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16.
 */
export function rotationPackage(): Buffer {
  const name = Buffer.from('index.mjs');
  const content = readFileSync(join(folder, 'index.mjs'));
  // version 2.0, no flags, stored, 1980-01-01 00:00
  const facts = Buffer.alloc(26);
  facts.writeUInt16LE(20, 0);
  facts.writeUInt16LE(33, 8);
  facts.writeUInt32LE(crc32(content), 10);
  facts.writeUInt32LE(content.length, 14);
  facts.writeUInt32LE(content.length, 18);
  facts.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), facts, name, content]);
  const rest = Buffer.alloc(14);
  // made on Unix, a regular file that everybody may read
  rest.writeUInt32LE((0o100644 << 16) >>> 0, 6);
  const central = Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), facts, rest, name]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from('PK\x05\x06'), end]);
}
