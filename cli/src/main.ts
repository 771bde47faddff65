import { CommandError } from './connection.ts';
import { createProgram } from './program.ts';

try {
  await createProgram(
    process.env,
    (text) => process.stdout.write(text),
    (text) => process.stderr.write(text),
  ).parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof CommandError ? `mlops: ${error.message}` : (error as Error).stack}\n`);
  process.exitCode = 1;
}
