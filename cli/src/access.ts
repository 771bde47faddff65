import type { Command } from 'commander';
import { CommandError, Connection } from './connection.ts';
import type { Context } from './context.ts';
import { keepToken } from './credentials.ts';
import { readText } from './files.ts';
import { printList, printOne } from './output.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** login, logout, whoami, tokens list|create|revoke */
export function accessCommands(program: Command, context: Context, env: Environment): void {
  program
    .command('login')
    .description('keeps a token for the platform; without --token-file it is read from standard input')
    .option('--token-file <file>', 'such as admin-token of a new platform')
    .action(async ({ tokenFile = '-' }: { tokenFile?: string }) => {
      const token = (await readText(tokenFile)).trim();
      const { url } = context.connection();
      const { platform, data } = new Connection(url, { token });
      const me = await data(platform.GET('/api/v1/me', {}));
      keepToken(env, url, token);
      printOne(context.output(), me, { id: me.id, team: me.team, roles: me.roles.join(', ') });
    });
  program
    .command('logout')
    .description('forgets the token for the platform')
    .action(() => keepToken(env, context.connection().url, undefined));
  program
    .command('whoami')
    .description('who one is for the platform')
    .action(async () => {
      const { platform, data } = context.connection();
      const me = await data(platform.GET('/api/v1/me', {}));
      printOne(context.output(), me, { id: me.id, team: me.team, roles: me.roles.join(', ') });
    });
  tokenCommands(program.command('tokens').description('what people and programs sign in with'), context);
}

interface NewToken {
  readonly role?: readonly string[];
  readonly forTeam?: string;
  readonly serviceAccount?: string;
  readonly member?: string;
  readonly days?: string;
}

function tokenCommands(tokens: Command, context: Context): void {
  tokens.command('list').action(async () => {
    const { platform, data } = context.connection();
    const { tokens: found } = await data(platform.GET('/api/v1/tokens', {}));
    printList(context.output(), found, {
      id: (token) => token.id,
      name: (token) => token.name,
      principal: (token) => token.principal,
      roles: (token) => token.roles.join(', '),
      expires: (token) => token.expires_at,
      'last used': (token) => token.last_used_at,
      revoked: (token) => token.revoked_at,
    });
  });
  tokens
    .command('create')
    .argument('<name>', 'what it is for')
    .option('--role <role...>', 'roles, at most your own; default: all of yours')
    .option('--for-team <team>', 'default: the one that you act for')
    .option('--service-account <name>', 'the program that has it')
    .option('--member <principal>', 'the member of the team that has it')
    .option('--days <days>', 'how long it holds; default: until it is revoked')
    .action(async (name: string, { role, forTeam, serviceAccount, member, days }: NewToken) => {
      if (days !== undefined && !/^[1-9]\d*$/.test(days))
        throw new CommandError(`--days is a whole number, not '${days}'.`);
      const { platform, data } = context.connection();
      const body = {
        name,
        ...(role === undefined ? {} : { roles: role as never }),
        ...(forTeam === undefined ? {} : { team: forTeam }),
        ...(serviceAccount === undefined ? {} : { service_account: serviceAccount }),
        ...(member === undefined ? {} : { member }),
        ...(days === undefined ? {} : { expires_in: Number(days) * 86_400 }),
      };
      const made = await data(platform.POST('/api/v1/tokens', { body }));
      const { id, token, principal, roles } = made;
      printOne(context.output(), made, { id, principal, roles: roles.join(', '), token });
    });
  tokens
    .command('revoke')
    .argument('<id>')
    .action(async (id: string) => {
      const { platform, data } = context.connection();
      const ended = await data(platform.DELETE('/api/v1/tokens/{id}', { params: { path: { id } } }));
      printOne(context.output(), ended, { id: ended.id, name: ended.name, revoked: ended.revoked_at });
    });
}
