import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toPlatformError } from '@mlops/errors';
import type { SharedPredictionLog } from './log.ts';
import type { PredictionStore } from './store.ts';

const OLD_FOLDER = 'deployment=';

/**
 * Takes over a log of the form before the shared one: a folder for each deployment with files of lines and of columns.
 * A file that cannot be read is left, renamed to `*.damaged`. @returns what could not be read
 */
export async function importOldLog(
  folder: string,
  { log, store, team }: { log: SharedPredictionLog; store: PredictionStore; team: string },
): Promise<string[]> {
  const damaged: string[] = [];
  const entries = existsSync(folder) ? await readdir(folder, { withFileTypes: true }) : [];
  const folders = entries.filter((each) => each.isDirectory() && each.name.startsWith(OLD_FOLDER));
  for (const { name } of folders) {
    const deployment = name.slice(OLD_FOLDER.length);
    const files = (await readdir(join(folder, name))).filter((each) => /\.(ndjson|parquet)$/.test(each));
    for (const file of files) {
      const path = join(folder, name, file);
      try {
        const isSealed = file.endsWith('.ndjson') && files.includes(file.replace(/ndjson$/, 'parquet'));
        if (!isSealed) await take(path, deployment);
        await rm(path);
      } catch (error) {
        // A full disk, or a database that is away, says nothing about the file.
        if (toPlatformError(error).code !== 'INTERNAL') throw error;
        damaged.push(path);
        await rename(path, `${path}.damaged`);
      }
    }
    const left = await readdir(join(folder, name));
    if (left.length === 0) await rm(join(folder, name), { recursive: true });
  }
  return damaged;

  async function take(path: string, deployment: string): Promise<void> {
    const isLines = path.endsWith('.ndjson');
    const lines = isLines ? wholeLines(await readFile(path, 'utf8')) : '';
    if (isLines && lines === '') return;
    await log.merge({ deployment, team }, { lines, files: isLines ? [] : [path] }, (made) =>
      store.replace(made, [], []),
    );
  }
}

/** Lines that are JSON: the last one may be torn, or joined to the one after a full disk. */
function wholeLines(text: string): string {
  const whole = text.split('\n').filter((line) => {
    try {
      return typeof JSON.parse(line) === 'object';
    } catch {
      return false;
    }
  });
  return whole.map((line) => `${line}\n`).join('');
}
