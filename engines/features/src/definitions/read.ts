import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { PlatformError } from '@mlops/errors';
import type { Project } from '../model.ts';
import { projectOf } from './project.ts';
import { DefinitionsText } from './source-text.ts';

/** Feast's own settings can lie in the same folder. */
const FEAST_SETTINGS = 'feature_store.yaml';
const FILE_BYTES_MAX = 4 * 1024 * 1024;

/**
 * The definitions of a folder: all of its YAML files, in folders of it as well, make one project.
 * @throws INVALID_PARAMETER naming file, line, column and field of whatever is wrong
 */
export async function readDefinitions(folder: string, project: string): Promise<Project> {
  const root = resolve(folder);
  let names: string[];
  try {
    names = await readdir(root, { recursive: true });
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'error';
    throw invalid(`definitions: ${root} cannot be read (${why}); name a folder with --definitions.`, error);
  }
  const paths = names.filter((name) => /\.ya?ml$/.test(name) && basename(name) !== FEAST_SETTINGS).sort();
  if (paths.length === 0) throw invalid(`definitions: ${root} holds no .yaml file.`);
  const texts = await Promise.all(
    paths.map(async (name) => {
      const bytes = await readFile(join(root, name));
      if (bytes.length > FILE_BYTES_MAX) throw invalid(`definitions: ${name} is larger than 4 MiB; split it.`);
      return new DefinitionsText(relative(root, join(root, name)), bytes.toString());
    }),
  );
  return projectOf(texts, project, { folder: root, isConfined: false });
}

function invalid(message: string, cause?: unknown): PlatformError {
  return new PlatformError('INVALID_PARAMETER', message, { field: 'definitions', cause });
}
