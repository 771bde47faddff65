import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { needTool, pythonEnvironment } from '@mlops/testing';

/** Makes a folder a repository of Feast: its registry in registry.db, its online store as is given. */
export function configureFeast(repository: string, project: string, onlineStore: string, offlineStore = 'file'): void {
  const settings = [
    `project: ${project}`,
    'provider: local',
    'registry: registry.db',
    `online_store: ${onlineStore}`,
    `offline_store: {type: ${offlineStore}}`,
    'entity_key_serialization_version: 3',
  ];
  writeFileSync(join(repository, 'feature_store.yaml'), settings.join('\n'));
}

/** Feast's words for a Redis. */
export function redisStore(url: string): string {
  return `{type: redis, connection_string: "${new URL(url).host},db=0"}`;
}

/** Runs one of the Python programs to its end, on a repository; answers what it printed. @throws with its errors, where it fails */
export function python(script: string, repository: string, args: readonly string[] = [], input = ''): string {
  const interpreter = needTool('mlops-python');
  const program = join(import.meta.dirname, 'python', script);
  const { status, stdout, stderr } = spawnSync(interpreter, [program, repository, ...args], {
    encoding: 'utf8',
    env: pythonEnvironment(interpreter),
    // Feast's DuckDB store looks for files from here.
    cwd: repository,
    input,
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`${script}: ${stderr}${stdout}`);
  return stdout;
}
