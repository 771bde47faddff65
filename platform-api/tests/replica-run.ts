import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { AuditEntry } from '@mlops/audit-chain';
import { type Database, openPostgres } from '@mlops/database';
import { deployExample } from '@mlops/flight-delays';
import { type Started, startMlflow, startPostgres, temporaryFolder } from '@mlops/testing';
import { expect, vi } from 'vitest';
import { golden } from './platform.ts';
import { type Action, ask, type Change } from './replica-changes.ts';
import { type Life, Replica, Traffic } from './replica-set.ts';

/** Never deleted: whoever asks a living process for it is answered. */
const STEADY = 'flight-delays';
const PASSING = ['passing-a', 'passing-b'];
export const NAMES = [STEADY, ...PASSING];
export const JOBS = ['seal-predictions', 'compact-predictions', 'expire-predictions'];
/** So long are most changes under way, and a run that seals. */
const MOMENT_MILLISECONDS = 500;
const SEALING_MILLISECONDS = 60;
const WATCH_MILLISECONDS = 10;
/** A dead process's lease of a job must run out before another takes the job over. */
const settled = { timeout: 60_000, interval: 250 };

interface Tables {
  deployments: { name: string; live_revision: number | null; deleted_at: number | null };
  deployment_revisions: { deployment: string; revision: number; status: string };
  deployment_traffic: { deployment: string; revision: number; weight: number };
  deployment_periods: { deployment: string; revision: number; live_from: number; live_to: number | null };
  job_runs: { job: string; runner: string; status: string };
  prediction_batches: { rows: number };
  prediction_segments: { rows: number };
}

export interface Logged {
  readonly id: string;
  readonly revision: number | null;
  readonly status: number;
  readonly time: string;
}

export interface JobRunView {
  readonly job: string;
  readonly status: string;
  readonly started_at: string;
  readonly ended_at: string | null;
}

/** What is left of a run, to be judged. */
export interface Evidence {
  /** The lines of the audit chain's export, and what they say. */
  readonly exported: readonly string[];
  readonly entries: readonly AuditEntry[];
  /** By deployment, as paging through the log shows them. */
  readonly logged: ReadonlyMap<string, readonly Logged[]>;
  /** Predictions that the database counts: in batches, and in sealed segments. */
  readonly rows: { readonly waiting: number; readonly sealed: number };
  /** Milliseconds since 1970: what had begun before had ended then. */
  readonly settledAt: number;
}

/** Numbers from 0 up to 1 (exclusive) that a seed decides: mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Reads the platform's own API at one process. @throws what it answers instead */
export async function get<T>({ url }: Life, path: string): Promise<T> {
  const response = await fetch(`${url}/api/v1/${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Three replicas on one PostgreSQL beside a real MLflow server, one of which is killed in each round. */
export class ReplicaRun {
  readonly traffic = new Traffic();
  readonly changes: Change[] = [];
  /** Deployments of which the database's tables told different things at some moment. */
  readonly contradictions: unknown[] = [];
  readonly replicas: Replica[] = [];
  readonly mlflow: Started;
  readonly database: Database<Tables>;
  readonly #next: () => number;
  readonly #cleanUp: (() => unknown)[];
  /** The process that takes the place of the one that was killed last. */
  #starting: Promise<void> = Promise.resolve();
  #watching: Promise<void> = Promise.resolve();
  #stopped = false;
  #settledAt = 0;

  private constructor(seed: number, mlflow: Started, postgres: Started) {
    this.#next = random(seed);
    this.mlflow = mlflow;
    this.database = openPostgres<Tables>(postgres.url);
    const shared = temporaryFolder();
    const log = ['--prediction-log', join(shared.path, 'log')];
    const args = ['--database', postgres.url, '--tracking-url', mlflow.url, ...log];
    for (let i = 0; i < 3; i++) this.replicas.push(new Replica(args));
    this.#cleanUp = [shared.remove, postgres.stop, mlflow.stop, () => this.database.close()];
  }

  /** All replicas are started at once: they meet in an empty database. */
  static async begin(seed: number): Promise<ReplicaRun> {
    const [postgres, mlflow] = await Promise.all([startPostgres(), startMlflow()]);
    const run = new ReplicaRun(seed, mlflow, postgres);
    await Promise.all(run.replicas.map((replica) => replica.start()));
    await deployExample(run.lives[0]?.url ?? '');
    for (const name of PASSING) run.changes.push(await run.#change('createDeployment', name));
    await vi.waitFor(async () => {
      for (const life of run.lives) expect((await run.traffic.ask(life, STEADY, golden, [404, 503])).length).toBe(3);
    }, settled);
    run.#watching = run.#watch();
    run.traffic.begin(run.replicas, STEADY, []);
    for (const name of PASSING) run.traffic.begin(run.replicas, name, [404, 503]);
    return run;
  }

  async end(): Promise<void> {
    this.#stopped = true;
    await this.#watching;
    await this.traffic.end();
    await this.#starting;
    await Promise.all(this.replicas.map((replica) => replica.stop()));
    for (const step of this.#cleanUp.reverse()) await step();
  }

  get lives(): Life[] {
    return this.replicas.flatMap(({ life }) => life ?? []);
  }

  /** Looks at the database all the time. One statement sees one state: nothing half done must be in it. */
  async #watch(): Promise<void> {
    while (!this.#stopped) {
      await this.#compare();
      await wait(WATCH_MILLISECONDS);
    }
  }

  async #compare(): Promise<void> {
    const rows = await this.database.query
      .selectFrom('deployments as d')
      .leftJoin('deployment_traffic as t', 't.deployment', 'd.name')
      .leftJoin('deployment_periods as p', (join) =>
        join.onRef('p.deployment', '=', 'd.name').on('p.live_to', 'is', null),
      )
      .select(['d.name', 'd.live_revision', 't.revision as routed', 'p.revision as inLedger'])
      .execute();
    const contradicting = rows.filter((row) => row.routed !== row.live_revision || row.inLedger !== row.live_revision);
    this.contradictions.push(...contradicting);
  }

  /** Several changes at once; in their midst, or in the midst of a job's run, one process dies and another follows it. */
  async play(round: number): Promise<void> {
    const next = this.#next;
    const seals = round % 3 === 0;
    const early = [this.#change(this.#pick(['updateDeployment', 'rollbackDeployment']), STEADY)];
    await this.#starting;
    if (seals) await this.#makeWorkForSealing();
    early.push(this.#change('runJobNow', seals ? 'seal-predictions' : this.#pick(JOBS)));
    const victim = (seals ? await this.#whoSeals() : undefined) ?? this.#pick(this.replicas);
    const any = ['createDeployment', 'updateDeployment', 'rollbackDeployment', 'deleteDeployment'] as const;
    const asked = [
      this.#change('createExperiment', `round-${round}`, victim),
      this.#change(this.#pick(['updateDeployment', 'rollbackDeployment']), STEADY, victim),
      ...PASSING.map((name) => this.#change(this.#pick(any), name, victim)),
    ];
    await wait(seals ? next() * SEALING_MILLISECONDS : next() ** 2 * MOMENT_MILLISECONDS);
    await victim.kill();
    this.changes.push(...(await Promise.all([...early, ...asked])));
    if (next() < 0.3) victim.loseDisk();
    this.#starting = victim.start();
  }

  /** Everything that was begun has ended, and all replicas have followed. */
  async settle(): Promise<void> {
    await this.#starting;
    for (const job of JOBS) this.changes.push(await this.#change('runJobNow', job));
    await vi.waitFor(async () => {
      this.#settledAt = Date.now();
      for (const life of this.lives) {
        for (const job of JOBS) {
          const { runs } = await get<{ runs: JobRunView[] }>(life, `jobs/${job}/runs?limit=200`);
          expect(runs.filter(({ status }) => status === 'running')).toEqual([]);
        }
        const { jobs } = await get<{ jobs: { running_in: string | null; next_run: string }[] }>(life, 'jobs');
        expect(jobs.filter(({ running_in }) => running_in !== null)).toEqual([]);
      }
      const views = await Promise.all(this.lives.map((life) => get(life, 'deployments')));
      expect(views).toEqual(views.map(() => views[0]));
    }, settled);
    await this.traffic.end();
  }

  async collect(): Promise<Evidence> {
    const response = await fetch(`${this.lives[0]?.url}/api/v1/audit/export`);
    const exported = (await response.text()).trim().split('\n');
    const entries = exported.map((line) => JSON.parse(line) as AuditEntry);
    // Each process writes what it still holds before it answers.
    for (const life of this.lives) await get(life, `deployments/${STEADY}/predictions?limit=1`);
    const pages = NAMES.map(async (name, i) => [name, await pageThrough(this.lives[i] as Life, name)] as const);
    const logged = new Map(await Promise.all(pages));
    // One statement: predictions may be sealed at this moment.
    const { query } = this.database;
    const [rows = { waiting: 0, sealed: 0 }] = await query
      .selectNoFrom([
        query
          .selectFrom('prediction_batches')
          .select((eb) => eb.fn.sum<string>('rows').as('n'))
          .as('waiting'),
        query
          .selectFrom('prediction_segments')
          .select((eb) => eb.fn.sum<string>('rows').as('n'))
          .as('sealed'),
      ])
      .execute();
    return {
      exported,
      entries,
      logged,
      rows: { waiting: Number(rows.waiting), sealed: Number(rows.sealed) },
      settledAt: this.#settledAt,
    };
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#next() * from.length)] as T;
  }

  /** At any process; mostly at the one that is preferred. */
  #change(action: Action, resource: string, preferred?: Replica): Promise<Change> {
    const life = (this.#next() < 0.6 ? preferred?.life : undefined) ?? this.#pick(this.lives);
    return ask(life, action, resource);
  }

  /** Predictions are sealed when 4 MiB of them wait: rows with long texts are soon so much. */
  async #makeWorkForSealing(): Promise<void> {
    const { columns, data } = golden.dataframe_split;
    const carrier = columns.indexOf('carrier');
    const rows = Array.from({ length: 10 }, () => data[0]?.with(carrier, 'X'.repeat(450_000)));
    await this.traffic.ask(this.#pick(this.lives), STEADY, { dataframe_split: { columns, data: rows } });
  }

  /** The replica that has begun to seal; undefined if none takes it up soon. */
  async #whoSeals(): Promise<Replica | undefined> {
    for (let i = 0; i < 150; i++) {
      const run = await this.database.query
        .selectFrom('job_runs')
        .select('runner')
        .where('job', '=', 'seal-predictions')
        .where('status', '=', 'running')
        .executeTakeFirst();
      const found = this.replicas.find(({ life }) => life && run?.runner.includes(`-${life.pid}-`));
      if (found) return found;
      await wait(10);
    }
    return undefined;
  }
}

async function pageThrough(life: Life, name: string): Promise<Logged[]> {
  interface Page {
    readonly predictions: readonly Logged[];
    readonly next_page_token: string | null;
    readonly unreadable_segments?: readonly string[];
  }
  const found: Logged[] = [];
  for (let token: string | null = ''; token !== null; ) {
    const query = new URLSearchParams({ limit: '1000', ...(token === '' ? {} : { page_token: token }) });
    const page: Page = await get(life, `deployments/${name}/predictions?${query}`);
    expect(page.unreadable_segments).toBeUndefined();
    found.push(...page.predictions.map(({ id, revision, status, time }) => ({ id, revision, status, time })));
    token = page.next_page_token;
  }
  return found;
}
