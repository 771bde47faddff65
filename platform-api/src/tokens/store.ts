import type { Database } from '@mlops/database';
import type { Role } from '../access/index.ts';
import type { TokenTables } from './schema.ts';

export interface Token {
  readonly id: string;
  readonly hash: string;
  readonly name: string;
  readonly principalType: 'user' | 'service';
  /** Who one is with it. */
  readonly principal: string;
  readonly team: string;
  readonly roles: readonly Role[];
  readonly createdBy: string;
  /** Milliseconds since 1970, as are all times here. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly lastUsedAt: number | null;
}

export class TokenStore {
  readonly #database: Database<TokenTables>;

  constructor(database: Database<unknown>) {
    this.#database = database.as<TokenTables>();
  }

  async add(token: Token): Promise<void> {
    await this.#database.write((tx) => tx.insertInto('tokens').values(toRow(token)).execute());
  }

  async find(id: string): Promise<Token | undefined> {
    const row = await this.#database.query.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst();
    return row && toToken(row);
  }

  /** Newest first; of one principal, or of the whole team. A program may be called as a person is. */
  async list(team: string, of?: { readonly type: string; readonly id: string }): Promise<Token[]> {
    let query = this.#database.query.selectFrom('tokens').selectAll().where('team', '=', team);
    if (of) query = query.where('principal', '=', of.id).where('principal_type', '=', of.type);
    return (await query.orderBy('created_at', 'desc').orderBy('id').execute()).map(toToken);
  }

  async revoke(id: string, time: number): Promise<void> {
    await this.#database.write((tx) =>
      tx.updateTable('tokens').set({ revoked_at: time }).where('id', '=', id).where('revoked_at', 'is', null).execute(),
    );
  }

  async used(id: string, time: number): Promise<void> {
    await this.#database.write((tx) =>
      tx.updateTable('tokens').set({ last_used_at: time }).where('id', '=', id).execute(),
    );
  }

  /** How many of a team have not ended. */
  async count(team: string, now: number): Promise<number> {
    const row = await this.#database.query
      .selectFrom('tokens')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .where('team', '=', team)
      .where('revoked_at', 'is', null)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
      .executeTakeFirstOrThrow();
    return row.n;
  }

  /** Whether anybody could administer the platform. */
  async hasAdministrator(now: number): Promise<boolean> {
    const rows = await this.#database.query
      .selectFrom('tokens')
      .select('roles')
      .where('revoked_at', 'is', null)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
      .execute();
    return rows.some(({ roles }) => (JSON.parse(roles) as Role[]).includes('platform-admin'));
  }
}

function toRow(token: Token): TokenTables['tokens'] {
  return {
    id: token.id,
    hash: token.hash,
    name: token.name,
    principal_type: token.principalType,
    principal: token.principal,
    team: token.team,
    roles: JSON.stringify(token.roles),
    created_by: token.createdBy,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    revoked_at: token.revokedAt,
    last_used_at: token.lastUsedAt,
  };
}

function toToken(row: TokenTables['tokens']): Token {
  return {
    id: row.id,
    hash: row.hash,
    name: row.name,
    principalType: row.principal_type as Token['principalType'],
    principal: row.principal,
    team: row.team,
    roles: JSON.parse(row.roles) as Role[],
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}
