import type { Command } from 'commander';
import { CommandError } from './connection.ts';
import type { Context } from './context.ts';
import { printList, printOne } from './output.ts';

/** break-glass open|list|end|review */
export function breakGlassCommands(program: Command, context: Context): void {
  const breakGlass = program.command('break-glass').description('entering another team in an emergency');
  breakGlass
    .command('open')
    .description('for a time, as an ml-engineer; both sides are told, and it is reviewed')
    .argument('<team>')
    .requiredOption('--reason <text>', 'what is on fire')
    .option('--minutes <minutes>', 'at most 240', '60')
    .action(async (team: string, { reason, minutes }: { reason: string; minutes: string }) => {
      if (!/^\d+$/.test(minutes)) throw new CommandError(`--minutes is a whole number, not '${minutes}'.`);
      const { platform, data } = context.connection();
      const body = { team, reason, minutes: Number(minutes) };
      const opened = await data(platform.POST('/api/v1/break-glass', { body }));
      printOne(context.output(), opened, { id: opened.id, team: opened.team, until: opened.ends_at });
    });
  breakGlass
    .command('list')
    .option('--unreviewed', 'the review list')
    .action(async ({ unreviewed = false }: { unreviewed?: boolean }) => {
      const { platform, data } = context.connection();
      const { accesses } = await data(platform.GET('/api/v1/break-glass', { params: { query: { unreviewed } } }));
      printList(context.output(), accesses, {
        id: (each) => each.id,
        team: (each) => each.team,
        who: (each) => each.principal,
        reason: (each) => each.reason,
        since: (each) => each.started_at,
        until: (each) => each.ends_at,
        reviewed: (each) => each.reviewed_by,
      });
    });
  breakGlass
    .command('end')
    .argument('<id>')
    .action(async (id: string) => {
      const { platform, data } = context.connection();
      const ended = await data(platform.DELETE('/api/v1/break-glass/{id}', { params: { path: { id } } }));
      printOne(context.output(), ended, { id: ended.id, ended: ended.ends_at });
    });
  breakGlass
    .command('review')
    .description('by the team that was entered, or a platform administrator')
    .argument('<id>')
    .argument('<text>', 'what you think of it')
    .action(async (id: string, review: string) => {
      const { platform, data } = context.connection();
      const path = { params: { path: { id } }, body: { review } };
      const reviewed = await data(platform.POST('/api/v1/break-glass/{id}/review', path));
      printOne(context.output(), reviewed, { id: reviewed.id, reviewed: reviewed.reviewed_at });
    });
}
