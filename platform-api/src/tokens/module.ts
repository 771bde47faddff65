import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '@mlops/database';
import { servedTable } from '../api/index.ts';
import type { Module } from '../module.ts';
import type { Owners } from '../teams/index.ts';
import { tokenHandlers, tokenOperations } from './routes.ts';
import { tokenSchema } from './schema.ts';
import { TokenStore } from './store.ts';
import { type Membership, Tokens } from './tokens.ts';

const OWNER_ONLY = 0o600;

export function openTokens(database: Database<unknown>, { owners, teams }: { owners: Owners; teams: Membership }) {
  const store = new TokenStore(database);
  const tokens = new Tokens(store, teams);
  owners.keep('token', async (id) => (await store.find(id))?.team);
  return {
    name: 'tokens',
    tokens,
    find: (token: string) => tokens.find(token),
    /** How many a team has that have not ended. */
    count: (team: string) => store.count(team, Date.now()),
    schema: tokenSchema,
    tables: [servedTable(tokenOperations, tokenHandlers(tokens))],
  } satisfies Module & Record<string, unknown>;
}

/**
 * Where nobody gets in without a token there must be a first one: it is written to `admin-token` of the data folder.
 * @param act makes it an act of the platform itself
 */
export function firstToken(
  tokens: Tokens,
  { data, act }: { data: string; act: (perform: () => Promise<{ id: string }>) => Promise<unknown> },
) {
  let written: string | undefined;
  return {
    name: 'first-token',
    /** The file; undefined where the platform had an administrator before. */
    file: () => written,
    async start() {
      if (!(await tokens.lackAdministrator())) return;
      await act(async () => {
        const first = await tokens.createFirst();
        written = join(data, 'admin-token');
        writeFileSync(written, `${first.secret}\n`, { mode: OWNER_ONLY });
        return first;
      });
    },
  } satisfies Module & Record<string, unknown>;
}
