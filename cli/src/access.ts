import type { Command } from 'commander';
import { loginByBrowser } from './browser-login.ts';
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
    .description('signs in by a browser, or with a token that is kept for the platform')
    .option('--token-file <file>', 'such as admin-token of a new platform; - is standard input')
    .option('--device', 'only say which address to open, on whichever machine has a browser')
    .action(async ({ tokenFile, device = false }: { tokenFile?: string; device?: boolean }) => {
      const { url } = context.connection();
      // A token that is piped in needs no option.
      const file = tokenFile ?? (device || process.stdin.isTTY ? undefined : '-');
      const say = context.output().warn;
      const token =
        file === undefined
          ? await loginByBrowser(new Connection(url), { say, opens: !device })
          : (await readText(file)).trim();
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
  sessionCommands(program.command('sessions').description('where one is signed in'), context);
  tokenCommands(program.command('tokens').description('what people and programs sign in with'), context);
}

function sessionCommands(sessions: Command, context: Context): void {
  sessions.command('list').action(async () => {
    const { platform, data } = context.connection();
    const { sessions: found } = await data(platform.GET('/api/v1/sessions', {}));
    printList(context.output(), found, {
      id: (session) => session.id,
      kind: (session) => session.kind,
      since: (session) => session.started_at,
      seen: (session) => session.seen_at,
      until: (session) => session.expires_at,
    });
  });
  sessions
    .command('end')
    .argument('<id>')
    .action(async (id: string) => {
      const { platform, data } = context.connection();
      const ended = await data(platform.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } }));
      printOne(context.output(), ended, { id: ended.id, kind: ended.kind });
    });
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
