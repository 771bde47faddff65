import { describe } from 'vitest';
import { postgresPrograms } from './processes.ts';
import { findTool } from './tools.ts';

interface Needs {
  /** Names of executables without which the suite cannot run. */
  readonly needs: readonly string[];
}

/** A `describe` that skips itself, and says for want of which tool, where one of its tools is missing. */
export function suite(name: string, { needs }: Needs, body: () => void): void {
  const missing = needs.filter((tool) => !isThere(tool));
  if (missing.length === 0) describe(name, body);
  else describe.skip(`${name} (needs ${missing.join(', ')})`, body);
}

/** PostgreSQL's server programs are seldom on PATH. */
function isThere(tool: string): boolean {
  return (tool === 'postgres' ? postgresPrograms() : findTool(tool)) !== undefined;
}
