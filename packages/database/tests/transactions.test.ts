import { startPostgres, suite, temporaryFolder } from '@mlops/testing';
import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Database, migrate, openPostgres, openSqlite } from '../src/index.ts';

interface Tables {
  parents: { id: number };
  children: { id: number; parent: number };
}

const steps = {
  '0001': async (db: Kysely<unknown>) => {
    await sql`create table parents (id integer primary key)`.execute(db);
    // Checked at the commit: the way to make one fail.
    await sql`create table children (id integer primary key,
      parent integer not null references parents (id) deferrable initially deferred)`.execute(db);
  },
};

for (const [dialect, needs] of Object.entries({ sqlite: [], postgres: ['postgres'] })) {
  suite(`transactions on ${dialect}`, { needs }, () => {
    let db: Database<Tables>;
    const cleanUp: (() => unknown)[] = [];

    beforeAll(async () => {
      if (dialect === 'postgres') {
        const postgres = await startPostgres();
        cleanUp.push(postgres.stop);
        db = openPostgres<Tables>(postgres.url);
      } else {
        const folder = temporaryFolder();
        cleanUp.push(folder.remove);
        db = openSqlite<Tables>(folder.path);
      }
      cleanUp.push(() => db.close());
      await migrate(db.as<unknown>(), 'test', steps);
    });
    afterAll(async () => {
      for (const step of cleanUp.reverse()) await step();
    });
    beforeEach(() =>
      db.write(async (tx) => {
        await tx.deleteFrom('children').execute();
        await tx.deleteFrom('parents').execute();
      }),
    );

    const parent = (id: number) => db.write((tx) => tx.insertInto('parents').values({ id }).execute());
    const orphan = (id: number) => db.write((tx) => tx.insertInto('children').values({ id, parent: -1 }).execute());
    const parents = async () => {
      const rows = await db.query.selectFrom('parents').select('id').orderBy('id').execute();
      return rows.map(({ id }) => id);
    };

    it('a commit that fails takes nobody else along, however many write', async () => {
      const acknowledged: number[] = [];
      let refused = 0;
      await Promise.all(
        Array.from({ length: 60 }, async (_, id) => {
          try {
            await (id % 3 === 0 ? orphan(id) : parent(id));
            acknowledged.push(id);
          } catch {
            refused += 1;
          }
        }),
      );
      // In SQLite those that were committed together with an orphan fail with it; none is lost that was acknowledged.
      expect(refused).toBeGreaterThanOrEqual(20);
      expect(await parents()).toEqual(acknowledged.sort((a, b) => a - b));
      await parent(1000);
      expect(await parents()).toContain(1000);
    });

    it('what a failed transaction has done is undone, and the next begins clean', async () => {
      const failing = db.write(async (tx) => {
        await tx.insertInto('parents').values({ id: 1 }).execute();
        await tx.insertInto('parents').values({ id: 1 }).execute();
      });
      await expect(failing).rejects.toMatchObject({ code: '23505' });
      await parent(2);
      expect(await parents()).toEqual([2]);
    });

    it('an inner write belongs to the outer transaction, also when the outer one fails after it', async () => {
      const outer = db.write(async () => {
        await parent(1);
        expect(await parents()).toEqual([1]);
        throw new Error('no');
      });
      await expect(outer).rejects.toThrow('no');
      expect(await parents()).toEqual([]);
    });

    it('refuses what still uses a transaction after its end', async () => {
      let kept: Kysely<Tables> | undefined;
      let late: Promise<unknown> | undefined;
      const gate = Promise.withResolvers<void>();
      await db.write(async (tx) => {
        kept = tx;
        await tx.insertInto('parents').values({ id: 1 }).execute();
        late = gate.promise.then(() => parent(2));
      });
      gate.resolve();
      await expect(late).rejects.toThrow('the transaction has ended');
      await expect(kept?.insertInto('parents').values({ id: 3 }).execute()).rejects.toThrow(
        'the transaction has ended',
      );
      expect(await parents()).toEqual([1]);
    });

    it('tells of a commit, once, and of no failure', async () => {
      const told: string[] = [];
      await db.write(async () => {
        db.onCommit(() => told.push('outer'));
        await db.write(async () => db.onCommit(() => told.push('inner')));
        expect(told).toEqual([]);
      });
      await db
        .write(async () => {
          db.onCommit(() => told.push('failed'));
          throw new Error('no');
        })
        .catch(() => {});
      db.onCommit(() => told.push('outside'));
      expect(told).toEqual(['outer', 'inner', 'outside']);
    });

    it('does not swallow the cause of a failure when there was nothing to roll back', async () => {
      const neverBegan = db.write(() => Promise.reject(new Error('before the first statement')));
      await expect(neverBegan).rejects.toThrow('before the first statement');
      await parent(1);
      expect(await parents()).toEqual([1]);
    });

    if (dialect === 'postgres') {
      it('repeats the whole body when two transactions meet, and gives up after the third time', async () => {
        await parent(1);
        let attempts = 0;
        await db.write(async (tx) => {
          attempts += 1;
          await tx
            .insertInto('parents')
            .values({ id: 100 + attempts })
            .execute();
          if (attempts < 3) throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
        });
        expect(await parents()).toEqual([1, 103]);
        const hopeless = db.write(() => Promise.reject(Object.assign(new Error('again'), { code: '40001' })));
        await expect(hopeless).rejects.toThrow('again');
      });

      it('goes on after the server has ended every connection', async () => {
        const killed = db.write(async (tx) => {
          await tx.insertInto('parents').values({ id: 1 }).execute();
          await sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()`.execute(tx);
          await sql`select pg_terminate_backend(pg_backend_pid())`.execute(tx);
        });
        await expect(killed).rejects.toThrow();
        await expect
          .poll(() =>
            parent(2).then(
              () => true,
              () => false,
            ),
          )
          .toBe(true);
        expect(await parents()).toEqual([2]);
      });
    }
  });
}
