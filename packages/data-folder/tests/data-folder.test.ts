import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@mlops/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { openDataFolder, refuseLostDatabase } from '../src/index.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Another process that holds a folder until it is killed. */
async function holder(path: string) {
  const source = `import { openDataFolder } from ${JSON.stringify(join(import.meta.dirname, '../src/index.ts'))};
    openDataFolder(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: import.meta.dirname,
  });
  await once(child.stdout, 'data');
  return child;
}

describe('the data folder', () => {
  it('belongs to one process at a time, and to the next one however that process ends', async () => {
    const path = join(folder.path, 'one');
    const other = await holder(path);
    expect(() => openDataFolder(path)).toThrow(`in use by another program (process ${other.pid})`);
    other.kill('SIGKILL');
    await once(other, 'exit');
    openDataFolder(path).close();
    const again = openDataFolder(path);
    expect(() => openDataFolder(path)).toThrow('in use');
    again.close();
  });

  it('that has lost its database is not taken for a new one', () => {
    const path = join(folder.path, 'lost');
    mkdirSync(join(path, 'artifacts/objects'), { recursive: true });
    const check = () => refuseLostDatabase(path, 'mlops.db', ['models', 'artifacts']);
    check();
    writeFileSync(join(path, 'artifacts/objects/model.onnx'), 'x');
    expect(check).toThrow(/mlops.db is missing or empty, but .*artifacts is not/);
    writeFileSync(join(path, 'mlops.db'), '');
    expect(check).toThrow('Restore the database');
    writeFileSync(join(path, 'mlops.db'), 'SQLite format 3');
    check();
  });

  it('must be a folder that can be written to', () => {
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below'), '/proc/none', '/proc']) {
      expect(() => openDataFolder(path)).toThrow(/^data: .* cannot be used as the data folder/);
    }
  });
});
