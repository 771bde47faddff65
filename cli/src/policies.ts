import type { Command } from 'commander';
import type { Context } from './context.ts';
import { readText } from './files.ts';
import { printList, printOne } from './output.ts';

/** policies list|show|set|remove|preview */
export function policyCommands(program: Command, context: Context): void {
  const policies = program.command('policies').description('policy files (Cedar) that decide on access, for all teams');
  policies.command('list').action(async () => {
    const { platform, data } = context.connection();
    const { policies: found } = await data(platform.GET('/api/v1/policies', {}));
    printList(context.output(), found, {
      name: (policy) => policy.name,
      source: (policy) => policy.source,
      changed: (policy) => policy.changed_at,
      by: (policy) => policy.changed_by,
    });
  });
  policies
    .command('show')
    .argument('<name>')
    .action(async (name: string) => {
      const { platform, data } = context.connection();
      const found = await data(platform.GET('/api/v1/policies/{name}', { params: { path: { name } } }));
      printOne(context.output(), found, found);
    });
  policies
    .command('set')
    .description('adds or replaces a policy file; it holds in every process within a second')
    .argument('<name>')
    .argument('<file>', 'the file; - is standard input')
    .action(async (name: string, file: string) => {
      const { platform, data } = context.connection();
      const body = { policy: await readText(file) };
      const set = await data(platform.PUT('/api/v1/policies/{name}', { params: { path: { name } }, body }));
      printOne(context.output(), set, { name: set.name, changed: set.changed_at });
    });
  policies
    .command('remove')
    .argument('<name>')
    .action(async (name: string) => {
      const { platform, data } = context.connection();
      const removed = await data(platform.DELETE('/api/v1/policies/{name}', { params: { path: { name } } }));
      printOne(context.output(), removed, { name: removed.name });
    });
  policies
    .command('preview')
    .description('which decisions of the last day would be others')
    .argument('<name>')
    .argument('<file>', 'the file; - is standard input')
    .action(async (name: string, file: string) => {
      const { platform, data } = context.connection();
      const body = { policy: await readText(file) };
      const path = { params: { path: { name } }, body };
      const { changed } = await data(platform.POST('/api/v1/policies/{name}/preview', path));
      const word = (allowed: boolean) => (allowed ? 'allowed' : 'denied');
      printList(context.output(), changed, {
        principal: (each) => each.principal,
        team: (each) => each.team,
        operation: (each) => each.operation,
        resource: (each) => `${each.resource.type} ${each.resource.id}`,
        before: (each) => word(each.allowed_before),
        after: (each) => word(each.allowed_after),
        times: (each) => each.times,
      });
    });
}
