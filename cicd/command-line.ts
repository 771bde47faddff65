import { appendFile } from 'node:fs/promises';
import { type Environment, environments } from '../kubernetes/manifests.ts';

/** The program was called wrongly. */
export class Misused extends Error {}

/** The environment of this name. @throws Misused */
export function environmentOf(name: string | undefined): Environment {
  const environment = environments.find((one) => one === name);
  if (!environment) throw new Misused(`an environment is one of ${environments.join(', ')}, not "${name ?? ''}"`);
  return environment;
}

/**
 * Runs a program's steps, and ends it with their code, with 1 and the error's message where one throws, and with 2 and the usage
 * where it was called wrongly.
 */
export async function main(usage: string, work: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    const misused = error instanceof Misused || String((error as { code?: string }).code).startsWith('ERR_PARSE_ARGS');
    console.error(misused ? `${(error as Error).message}\n\n${usage}` : (error as Error).message);
    process.exitCode = misused ? 2 : 1;
  }
}

/** Tells the steps of a workflow that follow a value, in the way GitHub does; elsewhere nobody asks for it. */
export async function output(name: string, value: string): Promise<void> {
  const file = process.env['GITHUB_OUTPUT'];
  if (file) await appendFile(file, `${name}=${value}\n`);
}

/** Prints lines, and appends them to a report where one is written. */
export async function say(report: string | undefined, ...lines: readonly string[]): Promise<void> {
  console.log(lines.join('\n'));
  if (report) await appendFile(report, `${lines.join('\n')}\n\n`);
}
