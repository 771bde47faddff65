import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { needTool, pythonEnvironment } from '@mlops/testing';

/** Makes a folder a repository of Feast: its registry in registry.db, its online store as is given. */
export function configureFeast(repository: string, project: string, onlineStore: string): void {
  const settings = [
    `project: ${project}`,
    'provider: local',
    'registry: registry.db',
    `online_store: ${onlineStore}`,
    'offline_store: {type: file}',
    'entity_key_serialization_version: 3',
  ];
  writeFileSync(join(repository, 'feature_store.yaml'), settings.join('\n'));
}

/** Feast's words for a Redis. */
export function redisStore(url: string): string {
  return `{type: redis, connection_string: "${new URL(url).host},db=0"}`;
}

/** Runs one of the Python programs to its end; answers what it printed. @throws with its errors, where it fails */
export function python(script: string, args: readonly string[], input = ''): string {
  const interpreter = needTool('mlops-python');
  const { status, stdout, stderr } = spawnSync(interpreter, [join(import.meta.dirname, 'python', script), ...args], {
    encoding: 'utf8',
    env: pythonEnvironment(interpreter),
    input,
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`${script}: ${stderr}${stdout}`);
  return stdout;
}
