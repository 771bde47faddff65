import type { Command } from 'commander';
import { CommandError } from './connection.ts';
import type { Context } from './context.ts';
import { printList, printOne } from './output.ts';

/** quotas list|set */
export function quotaCommands(program: Command, context: Context): void {
  const quotas = program.command('quotas').description('what the team may have, and what it has');
  quotas.command('list').action(async () => {
    const { platform, data } = context.connection();
    const { quotas: found } = await data(platform.GET('/api/v1/quotas', {}));
    printList(context.output(), found, {
      resource: (quota) => quota.resource,
      limit: (quota) => quota.limit,
      used: (quota) => quota.used,
    });
  });
  quotas
    .command('set')
    .argument('<resource>', 'such as deployments')
    .argument('<limit>', 'how many')
    .action(async (resource: string, text: string) => {
      if (!/^\d+$/.test(text)) throw new CommandError(`The limit is a whole number, not '${text}'.`);
      const { platform, data } = context.connection();
      const body = { limit: Number(text) };
      const quota = await data(platform.PUT('/api/v1/quotas/{resource}', { params: { path: { resource } }, body }));
      printOne(context.output(), quota, quota);
    });
}
