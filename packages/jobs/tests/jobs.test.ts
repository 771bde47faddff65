import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Database, migrate, openPostgres, openSqlite } from '@mlops/database';
import { startPostgres, suite, temporaryFolder } from '@mlops/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type JobDefinition, type JobRun, Jobs, jobSchema } from '../src/index.ts';

const FAST = { lease: 600, poll: 20 };

for (const [dialect, needs] of Object.entries({ sqlite: [], postgres: ['postgres'] })) {
  suite(`jobs on ${dialect}`, { needs }, () => {
    let database: Database<unknown>;
    let url = '';
    const cleanUp: (() => unknown)[] = [];
    const open: Jobs[] = [];

    beforeAll(async () => {
      if (dialect === 'postgres') {
        const postgres = await startPostgres();
        cleanUp.push(postgres.stop);
        url = postgres.url;
        database = openPostgres(url);
      } else {
        const folder = temporaryFolder();
        cleanUp.push(folder.remove);
        database = openSqlite(folder.path);
      }
      cleanUp.push(() => database.close());
      await migrate(database, 'jobs', jobSchema);
    });
    afterEach(async () => {
      for (const jobs of open.splice(0)) await jobs.close();
    });
    afterAll(async () => {
      for (const step of cleanUp.reverse()) await step();
    });

    const define = (name: string, run: JobDefinition['run'], everySeconds = 0.1): JobDefinition => ({
      name,
      summary: 'a job of a test',
      everySeconds,
      runner: 'one',
      run,
    });
    async function start(runner: string, ...definitions: JobDefinition[]): Promise<Jobs> {
      const jobs = new Jobs({ database, definitions, runner, ...FAST });
      open.push(jobs);
      await jobs.start();
      return jobs;
    }

    it('runs as planned again when a clock that was ahead has been set back', async () => {
      const runs: string[] = [];
      const job = define('ahead', async () => void runs.push('run'));
      const first = await start('a', job);
      await expect.poll(() => runs.length).toBeGreaterThan(0);
      await first.close();
      const [future, before] = [Date.now() + 400 * 86_400_000, runs.length];
      await database
        .as<{ jobs: { name: string; next_run: number; lease_until: number; lease_owner: string } }>()
        .write((tx) =>
          tx
            .updateTable('jobs')
            .set({ next_run: future, lease_until: future, lease_owner: 'z' })
            .where('name', '=', 'ahead')
            .execute(),
        );
      const second = await start('b', job);
      await expect.poll(() => runs.length).toBeGreaterThan(before);
      const [state] = (await second.states()).filter(({ name }) => name === 'ahead');
      expect(state?.nextRun).toBeLessThan(future);
    });

    it('runs at one place at a time, again and again, whoever does it', async () => {
      let now = 0;
      let most = 0;
      const runs: string[] = [];
      const body = (runner: string) => async () => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setTimeout(resolve, 30));
        runs.push(runner);
        now -= 1;
        return 'done';
      };
      await Promise.all(['a', 'b', 'c'].map((runner) => start(runner, define('shared', body(runner)))));
      await expect.poll(() => runs.length, { timeout: 10_000 }).toBeGreaterThan(5);
      expect(most).toBe(1);
    });

    it('keeps a history of what did something, with progress, and of failures', async () => {
      let turn = 0;
      const jobs = await start(
        'a',
        define('varied', async (run) => {
          turn += 1;
          if (turn === 1) return undefined;
          if (turn === 2) throw new Error('the disk is full');
          run.progress({ done: 3, total: 7 });
          return 'moved 3 of 7';
        }),
      );
      const ended = async () => (await jobs.history('varied', 10)).filter(({ status }) => status !== 'running');
      await expect.poll(async () => (await ended()).length, { timeout: 10_000 }).toBeGreaterThan(1);
      const [failed, done] = (await ended()).toReversed();
      expect(failed).toMatchObject({ status: 'failed', message: 'the disk is full', runner: 'a', progress: null });
      expect(done).toMatchObject({ status: 'succeeded', message: 'moved 3 of 7', progress: { done: 3, total: 7 } });
    });

    it('runs once more when it is asked to while it runs', async () => {
      const begun = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      let runs = 0;
      const body = async () => {
        runs += 1;
        begun.resolve();
        await goOn.promise;
        return 'done';
      };
      const jobs = await start('a', define('asked', body, 3600));
      await begun.promise;
      await new Promise((resolve) => setTimeout(resolve, 5));
      await jobs.runNow('asked');
      goOn.resolve();
      await expect.poll(() => runs, { timeout: 10_000 }).toBe(2);
    });

    it('ends a run that is cancelled, and goes on from the checkpoint of one that was interrupted', async () => {
      const seen: unknown[] = [];
      const waiting = (run: JobRun) =>
        new Promise<undefined>((_, reject) => run.signal.addEventListener('abort', () => reject(new Error('aborted'))));
      const body = async (run: JobRun) => {
        seen.push(run.checkpoint);
        await run.save({ at: seen.length });
        return waiting(run);
      };
      const first = await start('a', define('long', body));
      await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(1);
      await first.close();
      const second = await start('b', define('long', body, 60));
      await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(2);
      expect(seen).toEqual([undefined, { at: 1 }]);
      const [run] = await second.history('long', 1);
      await second.cancel(run?.id ?? '', 'long');
      await expect
        .poll(async () => (await second.history('long', 1))[0]?.status, { timeout: 10_000 })
        .toBe('cancelled');
      expect((await second.history('long', 2))[1]?.status).toBe('interrupted');
    });

    if (dialect === 'postgres') {
      it('lets another process take over from one that hangs, whose late work is then refused', async () => {
        const child = spawn(process.execPath, [join(import.meta.dirname, 'holder.ts'), url], {
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        const lines = createInterface(child.stdout);
        expect((await once(lines, 'line'))[0]).toBe('running');
        child.kill('SIGSTOP');
        const taken = Promise.withResolvers<void>();
        const jobs = await start(
          'other',
          define(
            'contested',
            async () => {
              taken.resolve();
              return 'taken over';
            },
            60,
          ),
        );
        await taken.promise;
        child.kill('SIGCONT');
        child.stdin.write('write\n');
        expect((await once(lines, 'line'))[0]).toBe('LeaseLost');
        child.kill('SIGKILL');
        await expect
          .poll(async () => (await jobs.history('contested', 5)).map(({ runner, status }) => `${runner} ${status}`))
          .toEqual(['other succeeded', 'holder interrupted']);
      });
    }
  });
}
