import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { printOne } from './output.ts';

const START = join(import.meta.dirname, '../../scripts/run.mjs');
const PLATFORM = join(import.meta.dirname, '../../platform-api/src/main.ts');

/** up, status */
export function platformCommands(program: Command, context: Context): void {
  program
    .command('up')
    .description('start the platform here; takes the flags of npm start')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_options: unknown, command: Command) => {
      const child = spawn(process.execPath, [START, PLATFORM, ...command.args], { stdio: 'inherit' });
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
      const code = await new Promise<number>((resolve) => child.on('exit', (status) => resolve(status ?? 1)));
      process.exitCode = code;
    });

  program
    .command('status')
    .description('whether the platform is ready, and what it serves')
    .action(async () => {
      const connection = context.connection();
      const { ready } = await connection.json<{ ready: boolean }>('/readyz');
      const { deployments } = await connection.data(connection.platform.GET('/api/v1/deployments', {}));
      const { entries } = await connection.data(
        connection.platform.GET('/api/v1/audit', { params: { query: { limit: 1 } } }),
      );
      const { parts } = await connection.data(connection.platform.GET('/api/v1/status', {}));
      const failing = parts.filter(({ ok }) => !ok).map(({ name, reason }) => `${name}: ${reason}`);
      const serving = deployments.map(({ name, status }) => `${name} (${status})`);
      const status = { url: connection.url, ready, deployments, parts, audit_entries: entries[0]?.sequence ?? 0 };
      printOne(context.output(), status, {
        platform: connection.url,
        ready: ready ? 'yes' : 'no',
        works: parts
          .filter(({ ok }) => ok)
          .map(({ name }) => name)
          .join(', '),
        ...(failing.length === 0 ? {} : { fails: failing.join('; ') }),
        deployments: serving.join(', '),
        'audit entries': status.audit_entries,
      });
    });
}
