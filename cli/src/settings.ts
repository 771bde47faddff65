import type { Command } from 'commander';
import type { Context } from './context.ts';
import { printOne } from './output.ts';

/** settings, access can */
export function settingsCommands(program: Command, context: Context): void {
  program
    .command('settings')
    .description('the settings in force, without secrets')
    .action(async () => {
      const { platform, data } = context.connection();
      const { settings } = await data(platform.GET('/api/v1/settings', {}));
      printOne(context.output(), settings, settings);
    });
  program
    .command('access')
    .description('who may do what')
    .command('can')
    .description('whether one may do something, or somebody with other roles might, and which policies decide')
    .argument('<action>', 'read, write, delete, deploy, predict or administer')
    .argument('<resource>', 'such as deployment, or registered-model-alias:payments@champion')
    .option('--role <role...>', 'ask for somebody with these roles instead')
    .action(async (action: string, resource: string, { role }: { role?: string[] }) => {
      const [type = '', ...rest] = resource.split(':');
      const { platform, data } = context.connection();
      const body = {
        action: action as never,
        resource: { type: type as never, ...(rest.length === 0 ? {} : { id: rest.join(':') }) },
        ...(role === undefined ? {} : { principal: { roles: role as never } }),
      };
      const answer = await data(platform.POST('/api/v1/access/check', { body }));
      printOne(context.output(), answer, {
        allowed: answer.allowed ? 'yes' : 'no',
        policies: answer.policies.join(', ') || 'none permits it',
      });
    });
}
