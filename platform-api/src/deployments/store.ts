import type { Database } from '@mlops/database';
import { PlatformError } from '@mlops/errors';
import { sql } from 'kysely';
import type { TrafficShare } from '../serving/index.ts';
import { partsOf } from '../teams/index.ts';
import type { Deployment, DeploymentOptions, Revision } from './deployment.ts';
import type { DeploymentTables } from './schema.ts';

/** A deployment with the revision that is, or was, live. */
export interface DeploymentWithRevision {
  readonly deployment: Deployment;
  readonly revision: Revision | undefined;
}

export class DeploymentStore {
  readonly #database: Database<DeploymentTables>;

  constructor(database: Database<unknown>) {
    this.#database = database.as<DeploymentTables>();
  }

  /** Joins the surrounding transaction, as everything below does. */
  transaction<T>(body: () => Promise<T>): Promise<T> {
    return this.#database.write(body);
  }

  async find(key: string): Promise<Deployment | undefined> {
    const row = await this.#database.query
      .selectFrom('deployments')
      .selectAll()
      .where('name', '=', key)
      .executeTakeFirst();
    return row && toDeployment(row);
  }

  /** Of a team, or of all. */
  async active(team?: string): Promise<Deployment[]> {
    const query = this.#database.query.selectFrom('deployments').selectAll().where('deleted_at', 'is', null);
    const rows = await (team === undefined ? query : query.where('team', '=', team)).orderBy('name').execute();
    return rows.map(toDeployment);
  }

  /** Deployments of a team that serve something: what its quota is on. */
  async countLive(team: string): Promise<number> {
    const { count } = await this.#database.query
      .selectFrom('deployments')
      .select((eb) => eb.fn.countAll().as('count'))
      .where('team', '=', team)
      .where('live_revision', 'is not', null)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  async revision(deployment: string, revision: number): Promise<Revision | undefined> {
    const row = await this.#database.query
      .selectFrom('deployment_revisions')
      .selectAll()
      .where('deployment', '=', deployment)
      .where('revision', '=', revision)
      .executeTakeFirst();
    return row && toRevision(row);
  }

  /** Which revisions of a deployment get how much of its traffic. */
  async traffic(deployment: string): Promise<TrafficShare[]> {
    return this.#database.query
      .selectFrom('deployment_traffic')
      .select(['revision', 'weight'])
      .where('deployment', '=', deployment)
      .orderBy('revision')
      .execute();
  }

  async setTraffic(deployment: string, traffic: readonly TrafficShare[]): Promise<void> {
    await this.#database.write(async (tx) => {
      await tx.deleteFrom('deployment_traffic').where('deployment', '=', deployment).execute();
      if (traffic.length === 0) return;
      const rows = traffic.map(({ revision, weight }) => ({ deployment, revision, weight }));
      await tx.insertInto('deployment_traffic').values(rows).execute();
    });
  }

  /** Keys of a team's deployments that serve a version of a model now, or any of its versions. */
  async servedFrom(team: string, model: string, version?: string): Promise<string[]> {
    let query = this.#database.query
      .selectFrom('deployment_traffic as t')
      .innerJoin('deployment_revisions as r', (join) =>
        join.onRef('r.deployment', '=', 't.deployment').onRef('r.revision', '=', 't.revision'),
      )
      .innerJoin('deployments as d', 'd.name', 't.deployment')
      .select('t.deployment')
      .distinct()
      .where('d.team', '=', team)
      .where('r.model_name', '=', model);
    if (version !== undefined) query = query.where('r.model_version', '=', version);
    return (await query.orderBy('t.deployment').execute()).map(({ deployment }) => deployment);
  }

  /** In a transaction: who asks for the same model waits until it ends. SQLite has one writer anyway. */
  async lockModel(team: string, model: string): Promise<void> {
    if (this.#database.dialect === 'sqlite') return;
    await sql`select pg_advisory_xact_lock(hashtextextended(${`model ${team}/${model}`}, 0))`.execute(
      this.#database.query,
    );
  }

  /** Digests of all revisions that a deployment serves, or can be rolled back to. */
  async neededDigests(): Promise<Set<string>> {
    const rows = await this.#database.query
      .selectFrom('deployment_revisions as r')
      .innerJoin('deployments as d', 'd.name', 'r.deployment')
      .select('r.digest')
      .distinct()
      .where('d.deleted_at', 'is', null)
      .where('r.status', '=', 'ready')
      .execute();
    return new Set(rows.map(({ digest }) => digest));
  }

  /** Newest first. */
  async revisions(deployment: string): Promise<Revision[]> {
    const rows = await this.#database.query
      .selectFrom('deployment_revisions')
      .selectAll()
      .where('deployment', '=', deployment)
      .orderBy('revision', 'desc')
      .execute();
    return rows.map(toRevision);
  }

  /** The newest period first. */
  async periods(deployment: string): Promise<{ revision: number; live_from: number; live_to: number | null }[]> {
    return this.#database.query
      .selectFrom('deployment_periods')
      .select(['revision', 'live_from', 'live_to'])
      .where('deployment', '=', deployment)
      .orderBy('live_from', 'desc')
      .orderBy('revision', 'desc')
      .execute();
  }

  /** What of a team was live at a time, deployments that are deleted by now included. */
  async liveAt(team: string, time: number): Promise<DeploymentWithRevision[]> {
    const rows = await this.#database.query
      .selectFrom('deployment_periods as p')
      .innerJoin('deployment_revisions as r', (join) =>
        join.onRef('r.deployment', '=', 'p.deployment').onRef('r.revision', '=', 'p.revision'),
      )
      .innerJoin('deployments as d', 'd.name', 'p.deployment')
      .selectAll('r')
      .select(['d.team', 'd.created_at as deployment_created_at', 'd.deleted_at'])
      .where('d.team', '=', team)
      .where('p.live_from', '<=', time)
      .where((eb) => eb.or([eb('p.live_to', 'is', null), eb('p.live_to', '>', time)]))
      .orderBy('r.deployment')
      .execute();
    return rows.map((row) => ({
      deployment: {
        key: row.deployment,
        team: row.team,
        createdAt: row.deployment_created_at,
        deletedAt: row.deleted_at,
        liveRevision: row.revision,
      },
      revision: toRevision(row),
    }));
  }

  /**
   * Saves what became of `before`, or a deployment that was not there.
   * @throws CONFLICT if another process has changed it since `before` was read
   */
  async save(after: Deployment, before: Deployment | undefined): Promise<void> {
    const { key: name, team, createdAt, deletedAt, liveRevision } = after;
    const values = { team, created_at: createdAt, deleted_at: deletedAt, live_revision: liveRevision };
    const saved = await this.#database.write((tx) =>
      before === undefined
        ? tx
            .insertInto('deployments')
            .values({ name, ...values })
            .onConflict((conflict) => conflict.column('name').doNothing())
            .returning('name')
            .execute()
        : tx
            .updateTable('deployments')
            .set(values)
            .where('name', '=', name)
            .where('created_at', '=', before.createdAt)
            .where('live_revision', before.liveRevision === null ? 'is' : '=', before.liveRevision)
            .where('deleted_at', before.deletedAt === null ? 'is' : '=', before.deletedAt)
            .returning('name')
            .execute(),
    );
    if (saved.length === 0) throw changedMeanwhile(name);
  }

  /** @throws CONFLICT if another process has added the same revision */
  async addRevision(revision: Revision): Promise<void> {
    const added = await this.#database.write((tx) =>
      tx
        .insertInto('deployment_revisions')
        .values({
          deployment: revision.deployment,
          revision: revision.revision,
          model: revision.model,
          model_name: revision.modelName,
          model_version: revision.modelVersion,
          digest: revision.digest,
          options: JSON.stringify(revision.options),
          status: revision.status,
          error: revision.error,
          created_at: revision.createdAt,
          created_by: revision.createdBy,
        })
        .onConflict((conflict) => conflict.columns(['deployment', 'revision']).doNothing())
        .returning('revision')
        .execute(),
    );
    if (added.length === 0) throw changedMeanwhile(revision.deployment);
  }

  /**
   * Ends the open period, and opens one for `revision` unless it is null. No period ends before it began, though the
   * process that began it may have a clock that is ahead.
   */
  async turnPeriod(deployment: string, revision: number | null, now: number): Promise<void> {
    await this.#database.write(async (tx) => {
      const last = await tx
        .selectFrom('deployment_periods')
        .select((eb) => [eb.fn.max('live_from').as('from'), eb.fn.max('live_to').as('to')])
        .where('deployment', '=', deployment)
        .executeTakeFirst();
      const time = Math.max(now, last?.from ?? 0, last?.to ?? 0);
      await tx
        .updateTable('deployment_periods')
        .set({ live_to: time })
        .where('deployment', '=', deployment)
        .where('live_to', 'is', null)
        .execute();
      if (revision !== null) {
        await tx
          .insertInto('deployment_periods')
          .values({ deployment, revision, live_from: time, live_to: null })
          .execute();
      }
    });
  }
}

function changedMeanwhile(key: string): PlatformError {
  const { name } = partsOf(key);
  return new PlatformError('CONFLICT', `Deployment '${name}' was changed by another request meanwhile. Try again.`);
}

function toDeployment(row: DeploymentTables['deployments']): Deployment {
  return {
    key: row.name,
    team: row.team,
    createdAt: row.created_at,
    deletedAt: row.deleted_at,
    liveRevision: row.live_revision,
  };
}

function toRevision(row: DeploymentTables['deployment_revisions']): Revision {
  return {
    deployment: row.deployment,
    revision: row.revision,
    model: row.model,
    modelName: row.model_name,
    modelVersion: row.model_version,
    digest: row.digest,
    options: JSON.parse(row.options) as DeploymentOptions,
    status: row.status as Revision['status'],
    error: row.error,
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}
