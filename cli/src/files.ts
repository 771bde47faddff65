import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { CommandError } from './connection.ts';

/** The text of a file; `-` is standard input. @throws CommandError when it cannot be read */
export async function readText(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadable(file, error);
  });
}

/** One line about a file that cannot be read. */
export function unreadable(file: string, error: unknown): CommandError {
  const { code = String(error) } = error as { code?: string };
  if (code === 'ENOENT') return new CommandError(`There is no file ${file}.`);
  if (code === 'EISDIR') return new CommandError(`${file} is a folder, not a file.`);
  return new CommandError(`${file} cannot be read: ${code}.`, { cause: error });
}
