import { verifyLines } from '@mlops/audit-chain';
import { suite } from '@mlops/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { golden } from './platform.ts';
import { isMade } from './replica-changes.ts';
import { type Evidence, get, JOBS, type JobRunView, type Logged, NAMES, ReplicaRun } from './replica-run.ts';
import { Traffic } from './replica-set.ts';

// Real processes, as in a cluster: each with a disk of its own, and one database, one MLflow, one folder of the log.
// MLOPS_ROUNDS and MLOPS_SEED ask for more rounds, or for those of another seed.
const ROUNDS = Number(process.env.MLOPS_ROUNDS ?? 50);
const SEED = Number(process.env.MLOPS_SEED ?? Date.now() % 1_000_000);
/** A prediction that was answered so long before its process was killed must be in the log. */
const DURABLE_MILLISECONDS = 1000;
const name = `three replicas, one killed in each of ${ROUNDS} rounds, MLOPS_SEED=${SEED}`;

suite(name, { needs: ['postgres', 'mlops-python'] }, () => {
  let run: ReplicaRun;
  let evidence: Evidence;

  beforeAll(async () => {
    run = await ReplicaRun.begin(SEED);
    for (let round = 0; round < ROUNDS; round++) await run.play(round);
    await run.settle();
    evidence = await run.collect();
    process.stdout.write(summary());
  }, 1_800_000);
  afterAll(() => run.end());

  const loggedIds = () => new Set([...evidence.logged.values()].flat().map(({ id }) => id));
  const ended = (outcome: string) => evidence.entries.filter((entry) => entry.outcome === outcome);
  const unanswered = (action: string) =>
    run.changes.filter((change) => change.action === action && change.answer === undefined);

  /** What the kills have hit and cost: predictions that were answered and are not in the log, and how old they were. */
  function summary(): string {
    const known = loggedIds();
    const kills = run.replicas.flatMap(({ lives }) => lives).filter(({ killedAt }) => killedAt !== undefined);
    const lost = kills.map((life) => {
      const missing = run.traffic.answered.filter(
        (each) => each.life === life && each.ids.some((id) => !known.has(id)),
      );
      return missing.map(({ at }) => (life.killedAt ?? 0) - at);
    });
    const spread = (values: number[]) => {
      const sorted = values.toSorted((a, b) => a - b);
      const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
      return `median ${at(0.5)}, 95 % ${at(0.95)}, most ${at(1)}`;
    };
    const lines = [
      `${kills.length} kills, ${run.traffic.answered.flatMap(({ ids }) => ids).length} predictions answered, ${evidence.rows.sealed} sealed`,
      `${run.changes.length} changes: ${run.changes.filter(isMade).length} made, ${run.changes.filter(({ answer }) => !answer).length} without an answer`,
      `requests that a kill has cost: ${spread(lost.map(({ length }) => length))}`,
      `milliseconds from the oldest of their answers to the kill: ${spread(lost.map((ages) => Math.max(0, ...ages)))}`,
    ];
    return `${lines.join('\n')}\n`;
  }

  it('answer all that they should, and log no error', () => {
    expect(run.traffic.faults).toEqual([]);
    const odd = run.changes.filter(
      ({ answer }) => answer && answer.status >= 300 && ![404, 409].includes(answer.status),
    );
    expect(odd).toEqual([]);
    // Whoever asks a deployment that is being loaded for the first time is told so, and the log too.
    const said = run.replicas.flatMap((replica) => replica.said.split('\n'));
    expect(said.filter((line) => line !== '' && !line.includes('"code":"NOT_READY"'))).toEqual([]);
  });

  it('show the same deployments: those of the database, each ready with its live revision', async () => {
    expect(run.contradictions).toEqual([]);
    const { query } = run.database;
    const rows = await query.selectFrom('deployments').selectAll().orderBy('name').execute();
    const shares = await query.selectFrom('deployment_traffic').selectAll().execute();
    const live = new Map(rows.flatMap((row) => (row.live_revision === null ? [] : [[row.name, row.live_revision]])));
    expect(rows.filter((row) => (row.deleted_at === null) !== live.has(row.name))).toEqual([]);
    expect(new Map(shares.map(({ deployment, revision }) => [deployment, revision]))).toEqual(live);
    expect(shares.filter(({ weight }) => weight !== 100)).toEqual([]);
    const revisions: unknown[] = [];
    for (const life of run.lives) {
      type View = { name: string; status: string; live_revision: number };
      const { deployments } = await get<{ deployments: View[] }>(life, 'deployments');
      expect(deployments.map((view) => [view.name, view.live_revision])).toEqual([...live]);
      expect(deployments.filter(({ status }) => status !== 'ready')).toEqual([]);
      revisions.push(await Promise.all(rows.map((row) => get(life, `deployments/${row.name}/revisions`))));
    }
    expect(revisions).toEqual(revisions.map(() => revisions[0]));
  });

  it('answer by the live revision', async () => {
    const live = await run.database.query.selectFrom('deployment_traffic').selectAll().execute();
    const { columns, data } = golden.dataframe_split;
    const probe = new Traffic();
    for (const life of run.lives) {
      for (const { deployment, revision } of live) {
        const [id] = await probe.ask(life, deployment, { dataframe_split: { columns, data: [data[0]] } });
        const { predictions } = await get<{ predictions: Logged[] }>(
          life,
          `deployments/${deployment}/predictions?id=${id}`,
        );
        expect(predictions).toMatchObject([{ id, revision, status: 200 }]);
      }
    }
  });

  it('keep one audit chain, in which every change that was answered stands once', async () => {
    const { exported } = evidence;
    expect(await verifyLines(exported)).toMatchObject({ ok: true, entries: exported.length });
    const succeeded = Map.groupBy(ended('succeeded'), ({ request_id }) => request_id);
    expect([...succeeded.values()].filter(({ length }) => length !== 1)).toEqual([]);
    const made = run.changes.filter(isMade);
    for (const { action, resource, answer } of made) {
      const entry = succeeded.get(answer?.requestId ?? '')?.[0];
      expect(entry, `${action} ${resource}`).toMatchObject({ action });
      if (entry?.details?.revision === undefined) continue;
      expect(JSON.parse(answer?.text ?? '')).toMatchObject({ live_revision: entry.details.revision });
    }
    const refused = run.changes.filter(({ answer }) => answer && answer.status >= 300);
    expect(refused.filter(({ answer }) => succeeded.has(answer?.requestId ?? ''))).toEqual([]);
    // What else has succeeded are changes without an answer, no more than there are of them, and the example's set-up.
    const answeredIds = new Set(made.map(({ answer }) => answer?.requestId));
    for (const action of new Set(run.changes.map((change) => change.action))) {
      const others = ended('succeeded').filter((each) => each.action === action && !answeredIds.has(each.request_id));
      const ofSetUp = ['createDeployment', 'createExperiment'].includes(action) ? 1 : 0;
      expect(others.length, action).toBeLessThanOrEqual(unanswered(action).length + ofSetUp);
    }
  });

  it('leave an attempt at MLflow without an outcome only where a process was killed', async () => {
    const ends = new Set(evidence.entries.flatMap((each) => (each.outcome === 'attempted' ? [] : [each.request_id])));
    const open = ended('attempted').filter(({ request_id }) => !ends.has(request_id));
    expect(open.filter(({ action }) => action !== 'createExperiment')).toEqual([]);
    expect(open.length).toBeLessThanOrEqual(unanswered('createExperiment').length);
    const answeredIds = new Set(run.changes.map(({ answer }) => answer?.requestId));
    expect(open.filter(({ request_id }) => answeredIds.has(request_id))).toEqual([]);
    const response = await fetch(`${run.mlflow.url}/api/2.0/mlflow/experiments/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ max_results: 1000, filter: "name LIKE 'round-%'" }),
    });
    const { experiments = [] } = (await response.json()) as { experiments?: { name: string; experiment_id: string }[] };
    const there = new Set(experiments.map((experiment) => experiment.name));
    const made = run.changes.filter((change) => change.action === 'createExperiment' && isMade(change));
    expect(made.filter(({ resource }) => !there.has(resource))).toEqual([]);
    const recorded = new Set(ended('succeeded').map(({ action, resource }) => `${action} ${resource.id}`));
    const unrecorded = experiments.filter((each) => !recorded.has(`createExperiment ${each.experiment_id}`));
    expect(unrecorded.length).toBeLessThanOrEqual(open.length);
  });

  it.each(NAMES)('keep a ledger of %s that tells what the audit chain tells', async (deployment) => {
    const { query } = run.database;
    const periods = await query
      .selectFrom('deployment_periods')
      .selectAll()
      .where('deployment', '=', deployment)
      .orderBy('live_from')
      .orderBy((eb) => eb.fn.coalesce('live_to', eb.lit(Number.MAX_SAFE_INTEGER)))
      .execute();
    const told = ended('succeeded').filter(
      ({ action, resource }) =>
        action.endsWith('Deployment') && resource.type === 'deployment' && resource.id === deployment,
    );
    const turns = told.map(({ action, details }) => (action === 'deleteDeployment' ? null : details?.revision));
    // Each period as its beginning, and its end where nothing follows at once.
    const kept = periods.flatMap(({ revision, live_to }, i) =>
      live_to === null || live_to === periods[i + 1]?.live_from ? [revision] : [revision, null],
    );
    expect(kept).toEqual(turns);
    const contradictions = periods.filter(({ live_from, live_to }, i) => {
      const end = live_to ?? Infinity;
      return end < live_from || end > (periods[i + 1]?.live_from ?? Infinity);
    });
    expect(contradictions).toEqual([]);
    const open = periods.filter(({ live_to }) => live_to === null);
    const row = await query.selectFrom('deployments').selectAll().where('name', '=', deployment).executeTakeFirst();
    expect(open.map(({ revision }) => revision)).toEqual(row?.live_revision == null ? [] : [row.live_revision]);
    const revisions = await query
      .selectFrom('deployment_revisions')
      .selectAll()
      .where('deployment', '=', deployment)
      .orderBy('revision')
      .execute();
    const made = told.flatMap(({ action, details }) =>
      ['createDeployment', 'updateDeployment'].includes(action) ? [[details?.revision, 'ready']] : [],
    );
    expect(revisions.map(({ revision, status }) => [revision, status])).toEqual(made);
    const since = new Map(periods.toReversed().map(({ revision, live_from }) => [revision, live_from]));
    const early = (evidence.logged.get(deployment) ?? []).filter(
      ({ revision, status, time }) => status === 200 && Date.parse(time) < (since.get(revision ?? 0) ?? Infinity),
    );
    expect(early, 'answered by what was not live yet').toEqual([]);
  });

  it('run no job twice at once, and complete what was interrupted', async () => {
    const histories = await Promise.all(
      run.lives.map((life) =>
        Promise.all(
          JOBS.map(async (job) => {
            const { runs } = await get<{ runs: JobRunView[] }>(life, `jobs/${job}/runs?limit=200`);
            return runs.filter(({ started_at }) => Date.parse(started_at) < evidence.settledAt);
          }),
        ),
      ),
    );
    expect(histories).toEqual(histories.map(() => histories[0]));
    const { jobs } = await get<{ jobs: { name: string; next_run: string }[] }>(
      run.lives[0] as (typeof run.lives)[0],
      'jobs',
    );
    let interruptions = 0;
    for (const runs of histories[0] ?? []) {
      const inOrder = runs.toSorted((a, b) => a.started_at.localeCompare(b.started_at));
      for (const [i, each] of inOrder.entries()) {
        const after = inOrder[i + 1]?.started_at ?? each.ended_at ?? '';
        expect(Date.parse(after)).toBeGreaterThanOrEqual(Date.parse(each.ended_at ?? ''));
      }
      const interrupted = inOrder.filter(({ status }) => status === 'interrupted');
      expect(inOrder.length - interrupted.length).toBe(runs.filter(({ status }) => status === 'succeeded').length);
      interruptions += interrupted.length;
      // A run that found nothing to do leaves no line, but the time of the next.
      const last = interrupted.at(-1);
      const nextRun = jobs.find((job) => job.name === last?.job)?.next_run;
      if (last) expect(Date.parse(nextRun ?? '')).toBeGreaterThan(Date.parse(last.ended_at ?? ''));
    }
    expect(interruptions).toBeGreaterThan(0);
  });

  it('log each prediction once, and all that were answered a second before their process was killed', () => {
    const { logged, rows } = evidence;
    const known = loggedIds();
    const all = [...logged.values()].flat();
    expect(all.length - known.size, 'twice').toBe(0);
    expect(all.filter(({ revision, status }) => status === 200 && revision === null)).toEqual([]);
    expect(rows.waiting + rows.sealed).toBe(all.length);
    expect(rows.sealed).toBeGreaterThan(0);
    const owed = run.traffic.answered.filter(
      ({ life, at }) => at <= (life.killedAt ?? Infinity) - DURABLE_MILLISECONDS,
    );
    expect(owed.filter(({ ids }) => ids.some((id) => !known.has(id)))).toEqual([]);
    expect(owed.length).toBeGreaterThan(ROUNDS * 10);
  });
});
