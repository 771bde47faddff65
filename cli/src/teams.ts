import type { Command } from 'commander';
import type { Context } from './context.ts';
import { printList, printOne } from './output.ts';

interface Facts {
  readonly displayName?: string;
  readonly costCenter?: string;
  readonly compliance?: string;
  readonly size?: string;
}

/** teams list|show|create|update|archive|restore, and members */
export function teamCommands(program: Command, context: Context): void {
  const teams = program.command('teams').description('teams: each sees only what is its own');
  teams.command('list').action(async () => {
    const { platform, data } = context.connection();
    const { teams: found } = await data(platform.GET('/api/v1/teams', {}));
    printList(context.output(), found, {
      name: (team) => team.name,
      'cost center': (team) => team.cost_center,
      compliance: (team) => team.compliance_level,
      size: (team) => team.size,
      archived: (team) => team.archived_at,
    });
  });
  teams
    .command('show')
    .argument('<name>')
    .action(async (name: string) => {
      const { platform, data } = context.connection();
      const team = await data(platform.GET('/api/v1/teams/{name}', { params: { path: { name } } }));
      printOne(context.output(), team, team);
    });
  withFacts(teams.command('create').argument('<name>'))
    .option('--owner <principal...>', 'who administers it')
    .action(async (name: string, { owner, ...facts }: Facts & { owner?: string[] }) => {
      const { platform, data } = context.connection();
      const body = { name, ...toBody(facts), ...(owner === undefined ? {} : { owners: owner }) };
      const team = await data(platform.POST('/api/v1/teams', { body }));
      printOne(context.output(), team, team);
    });
  withFacts(teams.command('update').argument('<name>')).action(async (name: string, facts: Facts) => {
    const { platform, data } = context.connection();
    const body = toBody(facts);
    const team = await data(platform.PATCH('/api/v1/teams/{name}', { params: { path: { name } }, body }));
    printOne(context.output(), team, team);
  });
  teams
    .command('archive')
    .description('closes a team: nothing of it answers any more, until it is restored')
    .argument('<name>')
    .action(async (name: string) => {
      const { platform, data } = context.connection();
      const team = await data(platform.DELETE('/api/v1/teams/{name}', { params: { path: { name } } }));
      printOne(context.output(), team, { name: team.name, archived: team.archived_at });
    });
  teams
    .command('restore')
    .argument('<name>')
    .action(async (name: string) => {
      const { platform, data } = context.connection();
      const team = await data(platform.POST('/api/v1/teams/{name}/restore', { params: { path: { name } } }));
      printOne(context.output(), team, { name: team.name, archived: team.archived_at });
    });
  memberCommands(teams.command('members').description('who is in a team, as what'), context);
}

function withFacts(command: Command): Command {
  return command
    .option('--display-name <text>', 'what people call it')
    .option('--cost-center <name>', 'where its cost goes')
    .option('--compliance <level>', 'standard, hipaa or pci')
    .option('--size <size>', 'S, M or L: what its quotas are');
}

function toBody({ displayName, costCenter, compliance, size }: Facts) {
  return {
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(costCenter === undefined ? {} : { cost_center: costCenter }),
    ...(compliance === undefined ? {} : { compliance_level: compliance as never }),
    ...(size === undefined ? {} : { size: size as never }),
  };
}

function memberCommands(members: Command, context: Context): void {
  members
    .command('list')
    .argument('<team>')
    .action(async (name: string) => {
      const { platform, data } = context.connection();
      const { members: found } = await data(
        platform.GET('/api/v1/teams/{name}/members', { params: { path: { name } } }),
      );
      printList(context.output(), found, {
        principal: (member) => member.principal,
        roles: (member) => member.roles.join(', '),
        since: (member) => member.added_at,
        by: (member) => member.added_by,
      });
    });
  members
    .command('set')
    .description('takes somebody in, or gives them other roles')
    .argument('<team>')
    .argument('<principal>')
    .argument('<role...>')
    .action(async (name: string, principal: string, roles: string[]) => {
      const { platform, data } = context.connection();
      const path = { name, principal };
      const body = { roles: roles as never };
      const member = await data(platform.PUT('/api/v1/teams/{name}/members/{principal}', { params: { path }, body }));
      printOne(context.output(), member, { principal: member.principal, roles: member.roles.join(', ') });
    });
  members
    .command('remove')
    .argument('<team>')
    .argument('<principal>')
    .action(async (name: string, principal: string) => {
      const { platform, data } = context.connection();
      const path = { name, principal };
      const removed = await data(platform.DELETE('/api/v1/teams/{name}/members/{principal}', { params: { path } }));
      printOne(context.output(), removed, removed);
    });
}
