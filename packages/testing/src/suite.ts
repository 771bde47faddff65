import { describe } from 'vitest';
import { findTool } from './tools.ts';

interface Needs {
  /** Names of executables without which the suite cannot run. */
  readonly needs: readonly string[];
}

/** A `describe` that skips itself, and says for want of which tool, where one of its tools is missing. */
export function suite(name: string, { needs }: Needs, body: () => void): void {
  const missing = needs.filter((tool) => !findTool(tool));
  if (missing.length === 0) describe(name, body);
  else describe.skip(`${name} (needs ${missing.join(', ')})`, body);
}
