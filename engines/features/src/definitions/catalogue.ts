import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PlatformError } from '@mlops/errors';
import type { Project } from '../model.ts';
import { readRegistry } from '../registry/read.ts';
import { SqlRegistry } from '../registry/sql.ts';
import { writeRegistry } from '../registry/write.ts';
import { readDefinitions } from './read.ts';

/** Feast's default, where the server is started without another. */
const REFRESH_SECONDS = 60;

/** Where definitions come from: a folder of YAML, or Feast's registry: a file, or postgres://… */
export type DefinitionsSource =
  | { readonly kind: 'yaml'; readonly folder: string; readonly project: string }
  | { readonly kind: 'feast'; readonly registry: string; readonly project: string | undefined };

/** What is defined in a project, as it changes. */
export interface Definitions {
  readonly current: Project;
  /** What is defined now. @throws NOT_READY where that cannot be read */
  fresh(): Promise<Project>;
  close(): void;
}

/**
 * What is defined. A registry of Feast is read anew when its file has changed: looked at every minute, and by requests
 * that do not want what was read before. While the new one cannot be read, the old one stays.
 */
export class Catalogue implements Definitions {
  readonly #source: DefinitionsSource;
  #project: Project;
  #version: string;
  readonly #timer: NodeJS.Timeout;

  private constructor(source: DefinitionsSource, project: Project, version: string) {
    this.#source = source;
    this.#project = project;
    this.#version = version;
    this.#timer = setInterval(() => void this.fresh().catch(() => {}), REFRESH_SECONDS * 1000).unref();
  }

  /** @throws INVALID_PARAMETER about what cannot be read */
  static async open(source: DefinitionsSource): Promise<Catalogue> {
    const version = await versionOf(source);
    return new Catalogue(source, await readSource(source), version);
  }

  get current(): Project {
    return this.#project;
  }

  /** What is defined now. @throws NOT_READY where the registry cannot be read any more: Feast may be writing it */
  async fresh(): Promise<Project> {
    const version = await versionOf(this.#source);
    if (version !== this.#version) {
      this.#project = await readSource(this.#source).catch((error: Error) => {
        throw new PlatformError('NOT_READY', `The definitions cannot be read now; ${error.message}`, { cause: error });
      });
      this.#version = version;
    }
    return this.#project;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** @throws INVALID_PARAMETER about what cannot be read */
export async function readSource(source: DefinitionsSource): Promise<Project> {
  if (source.kind === 'yaml') return readDefinitions(source.folder, source.project);
  if (isSql(source.registry)) return withRegistry(source.registry, (registry) => registry.project(source.project));
  return readRegistry(source.registry, await repositoryOf(source.registry), source.project);
}

/** Definitions in YAML are read when the server starts. */
async function versionOf(source: DefinitionsSource): Promise<string> {
  if (source.kind === 'yaml') return '';
  if (isSql(source.registry)) return withRegistry(source.registry, (registry) => registry.version());
  const facts = await stat(source.registry).catch(() => undefined);
  return facts === undefined ? 'missing' : `${facts.mtimeMs}/${facts.size}/${facts.ino}`;
}

function isSql(registry: string): boolean {
  return /^postgres(ql)?:\/\//.test(registry);
}

/** Looked at once a minute: no connection is kept for that. */
async function withRegistry<T>(url: string, use: (registry: SqlRegistry) => Promise<T>): Promise<T> {
  const registry = new SqlRegistry(url);
  try {
    return await use(registry);
  } finally {
    await registry.close();
  }
}

/** Writes a project's definitions into a registry of Feast. @returns views that Feast cannot have @throws INVALID_PARAMETER */
export function writeDefinitions(registry: string, project: Project): Promise<string[]> {
  if (isSql(registry)) return withRegistry(registry, (opened) => opened.write(project));
  return writeRegistry(registry, project);
}

/** Where Feast's relative paths begin: the folder with feature_store.yaml, at or above the registry; else the registry's. */
async function repositoryOf(registry: string): Promise<string> {
  const own = dirname(resolve(registry));
  for (let folder = own; ; folder = dirname(folder)) {
    if (await stat(join(folder, 'feature_store.yaml')).catch(() => undefined)) return folder;
    if (folder === dirname(folder)) return own;
  }
}
