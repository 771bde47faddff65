import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The full path of an executable: from MLOPS_TOOL_<NAME> or from PATH; undefined where the machine lacks it. */
export function findTool(name: string): string | undefined {
  const named = process.env[`MLOPS_TOOL_${name.toUpperCase().replace(/[-.]/g, '_')}`];
  const candidates = named ? [named] : (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  return candidates.find(isExecutable);
}

/** As findTool, but a missing tool is an error that names it. For code inside a suite that declared the need. */
export function needTool(name: string): string {
  const path = findTool(name);
  if (!path) throw new Error(`${name} is not on PATH`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
