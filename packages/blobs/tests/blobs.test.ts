import { createHash } from 'node:crypto';
import { symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { startServer } from '@mlops/child-process';
import { freePort, needTool, suite, temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BlobStore, LocalBlobStore, openBlobs, S3BlobStore, safePath } from '../src/index.ts';

const hash = (content: string) => createHash('sha256').update(content).digest('hex');
const from = (content: string) => Readable.from([Buffer.from(content)]);

function contract(store: () => BlobStore): void {
  it('hashes what it stores, and gives it back', async () => {
    expect(await store().put('a/b.txt', from('hello'))).toEqual({ size: 5, sha256: hash('hello') });
    const { size, stream } = await store().open('a/b.txt');
    expect([size, await text(stream)]).toEqual([5, 'hello']);
    expect(await store().stat('a/b.txt')).toEqual({ size: 5 });
  });

  it('stores an empty object', async () => {
    expect(await store().put('empty', Readable.from([]))).toEqual({ size: 0, sha256: hash('') });
    expect(await text((await store().open('empty')).stream)).toBe('');
  });

  it('reads ranges, and refuses one outside', async () => {
    await store().put('range', from('0123456789'));
    const read = async (start: number, end?: number) =>
      text((await store().open('range', end === undefined ? { start } : { start, end })).stream);
    expect([await read(2, 4), await read(7), await read(8, 100)]).toEqual(['234', '789', '89']);
    await expect(store().open('range', { start: 10 })).rejects.toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
  });

  it('lists direct children, and deletes a whole directory', async () => {
    for (const path of ['tree/x', 'tree/sub/y', 'tree/sub/deep/z', 'tree2']) await store().put(path, from(path));
    expect(await store().list('tree')).toEqual([
      { path: 'tree/sub', isDirectory: true },
      { path: 'tree/x', isDirectory: false, size: 6 },
    ]);
    await store().delete('tree');
    expect(await store().list('tree')).toEqual([]);
    expect(await text((await store().open('tree2')).stream)).toBe('tree2');
    await store().delete('tree');
  });

  it('says that there is nothing', async () => {
    await expect(store().open('nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(store().stat('nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('refuses a path that climbs, whoever checked it before', async () => {
    await expect((async () => store().put('../x', from('x')))()).rejects.toMatchObject({ code: 'INVALID_PATH' });
  });
}

describe('local folder', () => {
  const folder = temporaryFolder();
  const store = new LocalBlobStore(folder.path);
  afterAll(folder.remove);
  contract(() => store);

  it('leaves nothing of a write that broke off', async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('half');
        throw new Error('gone');
      })(),
    );
    await expect(store.put('broken', broken)).rejects.toThrow('gone');
    await expect(store.stat('broken')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await readdir(join(folder.path, 'incoming'))).toEqual([]);
  });

  it('keeps the old object until the new one is complete', async () => {
    await store.put('stable', from('old'));
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('new');
        throw new Error('gone');
      })(),
    );
    await expect(store.put('stable', broken)).rejects.toThrow();
    expect(await text((await store.open('stable')).stream)).toBe('old');
  });

  it('does not follow a link out of the folder, in whatever it does', async () => {
    const elsewhere = temporaryFolder();
    writeFileSync(join(elsewhere.path, 'secret'), 'secret');
    await store.put('linked/x', from('x'));
    symlinkSync(elsewhere.path, join(folder.path, 'objects/linked/away'));
    for (const tried of [
      () => store.open('linked/away/secret'),
      () => store.list('linked/away'),
      () => store.put('linked/away/new', from('x')),
      () => store.delete('linked/away/secret'),
    ]) {
      await expect(tried()).rejects.toMatchObject({ code: 'INVALID_PATH' });
    }
    expect(await readdir(elsewhere.path)).toEqual(['secret']);
    elsewhere.remove();
  });

  it('removes what a killed process was receiving, but not what another one may be receiving now', async () => {
    const [old, young] = ['old', 'young'].map((name) => join(folder.path, 'incoming', name));
    for (const path of [old, young]) writeFileSync(path ?? '', 'half');
    utimesSync(old ?? '', new Date(0), new Date(0));
    const reopened = new LocalBlobStore(folder.path);
    expect(await reopened.list('')).toEqual(await store.list(''));
    expect(await readdir(join(folder.path, 'incoming'))).toEqual(['young']);
  });

  it('does not put a file below a file', async () => {
    await store.put('file', from('x'));
    await expect(store.put('file/below', from('x'))).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

suite('S3', { needs: ['mlops-python'] }, () => {
  let stop = async () => {};
  const store = new S3BlobStore('mlops-blobs', 'some/prefix');

  beforeAll(async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const program = join(needTool('mlops-python'), '../moto_server');
    const args = ['-H', '127.0.0.1', '-p', String(port)];
    ({ stop } = await startServer(program, args, `${url}/moto-api/data.json`));
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    await new S3Client({}).send(new CreateBucketCommand({ Bucket: 'mlops-blobs' }));
  });
  afterAll(() => stop());
  contract(() => store);

  it('stores what is larger than a part, and presigns', async () => {
    const part = Buffer.alloc(1024 * 1024, 'x');
    await store.put('large', Readable.from(Array.from({ length: 20 }, () => part)));
    expect(await store.stat('large')).toEqual({ size: 20 * part.length });
    await store.put('signed', from('signed'));
    const url = await store.presign('GET', 'signed', 60);
    expect(await (await fetch(url)).text()).toBe('signed');
  });
});

describe('safe paths', () => {
  it.each(['a', 'a/b c/d.txt', 'ä/ü', './a//b/', 'a/...', '.hidden'])('accepts %s', (path) => {
    expect(safePath(path)).not.toContain('//');
  });

  it.each([
    '..',
    '../a',
    'a/../b',
    '/a',
    '%2e%2e/a',
    '%252e%252e/a',
    '%25252e%25252e/a',
    'C:/x',
    'a\\b',
    'a\u0000b',
    'a#b',
    'a?b',
    'x'.repeat(300),
    `${'y/'.repeat(600)}y`,
  ])('refuses %s', (path) => {
    expect(() => safePath(path)).toThrow(/Invalid path/);
  });

  it('names the setting when the store is not one', () => {
    expect(() => openBlobs({ data: '/nowhere', artifacts: 'ftp://x' })).toThrow('s3://bucket/prefix');
  });
});
