import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '@mlops/database';
import type { Principal } from '../access/index.ts';
import { servedTable } from '../api/index.ts';
import type { Module } from '../module.ts';
import type { Owners } from '../teams/index.ts';
import { tokenHandlers, tokenOperations } from './routes.ts';
import { tokenSchema } from './schema.ts';
import { TokenStore } from './store.ts';
import { Tokens } from './tokens.ts';

const OWNER_ONLY = 0o600;

export interface TokensModule extends Module {
  readonly find: (token: string) => Promise<Principal | undefined>;
  /** Where the first administrator's token was written at this start; undefined where there was one before. */
  readonly firstToken: () => string | undefined;
}

/** @param required whether nobody gets in without a token: then there must be a first one, in `admin-token` of the data folder */
export function openTokens(
  database: Database<unknown>,
  { owners, data, required }: { owners: Owners; data: string; required: boolean },
): TokensModule {
  const store = new TokenStore(database);
  const tokens = new Tokens(store);
  owners.keep('token', async (id) => (await store.find(id))?.team);
  let written: string | undefined;
  return {
    name: 'tokens',
    find: (token) => tokens.find(token),
    schema: tokenSchema,
    tables: [servedTable(tokenOperations, tokenHandlers(tokens))],
    firstToken: () => written,
    async start() {
      const first = required ? await tokens.createFirst() : undefined;
      if (first === undefined) return;
      written = join(data, 'admin-token');
      writeFileSync(written, `${first}\n`, { mode: OWNER_ONLY });
    },
  };
}
