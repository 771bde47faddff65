import type { Database } from '@mlops/database';
import type { Role } from '../access/index.ts';
import type { TeamTables } from './schema.ts';
import type { Member, Team } from './team.ts';

export class TeamStore {
  readonly #database: Database<TeamTables>;

  constructor(database: Database<unknown>) {
    this.#database = database.as<TeamTables>();
  }

  /** Joins the surrounding transaction, as everything below does. */
  transaction<T>(body: () => Promise<T>): Promise<T> {
    return this.#database.write(body);
  }

  async find(name: string): Promise<Team | undefined> {
    const row = await this.#database.query.selectFrom('teams').selectAll().where('name', '=', name).executeTakeFirst();
    return row && toTeam(row);
  }

  /** In a transaction: who locks the same team waits until it ends. SQLite has one writer anyway. */
  async lock(name: string): Promise<void> {
    if (this.#database.dialect === 'sqlite') return;
    await this.#database.query.selectFrom('teams').select('name').where('name', '=', name).forUpdate().execute();
  }

  async list(): Promise<Team[]> {
    return (await this.#database.query.selectFrom('teams').selectAll().orderBy('name').execute()).map(toTeam);
  }

  /** @returns whether it was added: another one may have come first */
  async add(team: Team): Promise<boolean> {
    const added = await this.#database.write((tx) =>
      tx
        .insertInto('teams')
        .values(toRow(team))
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returning('name')
        .execute(),
    );
    return added.length > 0;
  }

  async save(team: Team): Promise<void> {
    await this.#database.write((tx) =>
      tx.updateTable('teams').set(toRow(team)).where('name', '=', team.name).execute(),
    );
  }

  async members(team: string): Promise<Member[]> {
    const rows = await this.#database.query
      .selectFrom('team_members')
      .selectAll()
      .where('team', '=', team)
      .orderBy('principal')
      .execute();
    return rows.map((row) => ({
      principal: row.principal,
      roles: JSON.parse(row.roles) as Role[],
      addedAt: row.added_at,
      addedBy: row.added_by,
    }));
  }

  /** The teams of a principal, and what they are there. */
  async membershipsOf(principal: string): Promise<ReadonlyMap<string, readonly Role[]>> {
    const rows = await this.#database.query
      .selectFrom('team_members')
      .select(['team', 'roles'])
      .where('principal', '=', principal)
      .orderBy('team')
      .execute();
    return new Map(rows.map(({ team, roles }) => [team, JSON.parse(roles) as Role[]]));
  }

  async setMember(team: string, { principal, roles, addedAt, addedBy }: Member): Promise<void> {
    const changed = { roles: JSON.stringify(roles), added_at: addedAt, added_by: addedBy };
    await this.#database.write((tx) =>
      tx
        .insertInto('team_members')
        .values({ team, principal, ...changed })
        .onConflict((conflict) => conflict.columns(['team', 'principal']).doUpdateSet(changed))
        .execute(),
    );
  }

  /** @returns whether there was one */
  async removeMember(team: string, principal: string): Promise<boolean> {
    const { numDeletedRows } = await this.#database.write((tx) =>
      tx
        .deleteFrom('team_members')
        .where('team', '=', team)
        .where('principal', '=', principal)
        .executeTakeFirstOrThrow(),
    );
    return numDeletedRows > 0n;
  }
}

function toRow(team: Team): TeamTables['teams'] {
  return {
    name: team.name,
    display_name: team.displayName,
    cost_center: team.costCenter,
    compliance_level: team.complianceLevel,
    size: team.size,
    created_at: team.createdAt,
    created_by: team.createdBy,
    archived_at: team.archivedAt,
  };
}

function toTeam(row: TeamTables['teams']): Team {
  return {
    name: row.name,
    displayName: row.display_name,
    costCenter: row.cost_center,
    complianceLevel: row.compliance_level as Team['complianceLevel'],
    size: row.size as Team['size'],
    createdAt: row.created_at,
    createdBy: row.created_by,
    archivedAt: row.archived_at,
  };
}
