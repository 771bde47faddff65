import { AsyncLocalStorage } from 'node:async_hooks';
import { startPostgres, suite, temporaryFolder } from '@mlops/testing';
import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, isUniqueViolation, migrate, openPostgres, openSqlite } from '../src/index.ts';

interface Tables {
  things: { name: string; count: number };
}

const steps = {
  '0001_things': async (db: Kysely<unknown>) => {
    await sql`create table things (name varchar(100) primary key, count integer not null)`.execute(db);
  },
};

const dialects = { sqlite: [], postgres: ['postgres'] } as const;

for (const [dialect, needs] of Object.entries(dialects)) {
  suite(`database on ${dialect}`, { needs }, () => {
    let db: Database<Tables>;
    /** The same database, by somebody who migrates nothing. */
    let reopen: () => Database<Tables>;
    const writing = new AsyncLocalStorage<string>();
    const onBehalfOf = () => writing.getStore() ?? '';
    const cleanUp: (() => unknown)[] = [];

    beforeAll(async () => {
      if (dialect === 'postgres') {
        const postgres = await startPostgres();
        cleanUp.push(postgres.stop);
        db = openPostgres<Tables>(postgres.url, { onBehalfOf });
        reopen = () => openPostgres<Tables>(postgres.url, { migrate: false });
      } else {
        const folder = temporaryFolder();
        cleanUp.push(folder.remove);
        db = openSqlite<Tables>(folder.path, { onBehalfOf });
        reopen = () => openSqlite<Tables>(folder.path, { migrate: false });
      }
      cleanUp.push(() => db.close());
      await migrate(db.as<unknown>(), 'test', steps);
    });
    afterAll(async () => {
      for (const step of cleanUp.reverse()) await step();
    });

    const insert = (name: string, count = 0) =>
      db.write((tx) => tx.insertInto('things').values({ name, count }).execute());
    const find = (name: string) =>
      db.query.selectFrom('things').selectAll().where('name', '=', name).executeTakeFirst();

    it('gives those who write their turns by whom they write for', async () => {
      const done: string[] = [];
      const writeAs = (line: string) => {
        const name = crypto.randomUUID();
        return writing.run(line, () => insert(name)).then(() => done.push(line));
      };
      await Promise.all([...Array.from({ length: 100 }, () => writeAs('noisy')), writeAs('quiet')]);
      expect(done.indexOf('quiet')).toBeLessThan(30);
    });

    it('applies each migration once', async () => {
      await insert('before');
      await migrate(db.as<unknown>(), 'test', steps);
      expect(await find('before')).toEqual({ name: 'before', count: 0 });
    });

    it('serves from the tables of a newer program, which goes on adding to them', async () => {
      const newer = { ...steps, '0002_more': (tx: Kysely<unknown>) => sql`create table more (name text)`.execute(tx) };
      const both = newer as unknown as typeof steps;
      await migrate(db.as<unknown>(), 'test', both);
      await migrate(db.as<unknown>(), 'test', steps);
      await migrate(db.as<unknown>(), 'test', both);
      await insert('between');
      expect(await find('between')).toEqual({ name: 'between', count: 0 });
    });

    it('makes nothing where it is told not to, and says what is missing', async () => {
      const reading = reopen();
      await migrate(reading.as<unknown>(), 'test', steps);
      const newer = { ...steps, '0003_late': () => Promise.resolve() };
      await expect(migrate(reading.as<unknown>(), 'test', newer)).rejects.toThrow('tables of test lack 0003_late');
      await expect(migrate(reading.as<unknown>(), 'other', steps)).rejects.toThrow('tables of other lack 0001_things');
      await reading.close();
    });

    it('shows nothing of a transaction that failed', async () => {
      const failing = db.write(async (tx) => {
        await tx.insertInto('things').values({ name: 'lost', count: 1 }).execute();
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(await find('lost')).toBeUndefined();
    });

    it('joins the surrounding transaction, in reading too', async () => {
      const failing = db.write(async () => {
        await insert('inner');
        expect(await find('inner')).toBeDefined();
        throw new Error('outer fails');
      });
      await expect(failing).rejects.toThrow('outer fails');
      expect(await find('inner')).toBeUndefined();
    });

    it('names a unique violation', async () => {
      await insert('twice');
      const error = await insert('twice').catch((thrown: unknown) => thrown);
      expect(isUniqueViolation(error)).toBe(true);
      expect(isUniqueViolation(new Error('other'))).toBe(false);
    });

    it('loses no increment of many writers', async () => {
      await insert('counter');
      const increment = () =>
        db.write(async (tx) => {
          const select = tx.selectFrom('things').selectAll().where('name', '=', 'counter');
          const { count } = await (dialect === 'postgres' ? select.forUpdate() : select).executeTakeFirstOrThrow();
          await tx
            .updateTable('things')
            .set({ count: count + 1 })
            .where('name', '=', 'counter')
            .execute();
        });
      await Promise.all(Array.from({ length: 50 }, increment));
      expect(await find('counter')).toMatchObject({ count: 50 });
    });

    it('keeps what succeeds beside what fails', async () => {
      const writes = Array.from({ length: 40 }, (_, i) =>
        db.write(async (tx) => {
          await tx
            .insertInto('things')
            .values({ name: `mixed-${i}`, count: i })
            .execute();
          if (i % 2 === 1) throw new Error('odd');
        }),
      );
      await Promise.allSettled(writes);
      const rows = await db.query.selectFrom('things').select('name').where('name', 'like', 'mixed-%').execute();
      expect(rows.length).toBe(20);
    });

    it('runs a batch in order, and undoes all of it when one statement fails', async () => {
      const results = await db.write((tx) =>
        db.batch([
          tx.insertInto('things').values({ name: 'batch', count: 7 }),
          tx.selectFrom('things').selectAll().where('name', '=', 'batch'),
        ]),
      );
      expect(results[1]?.rows).toEqual([{ name: 'batch', count: 7 }]);
      const failing = db.write((tx) =>
        db.batch([
          tx.insertInto('things').values({ name: 'half', count: 1 }),
          tx.insertInto('things').values({ name: 'batch', count: 1 }),
        ]),
      );
      await expect(failing).rejects.toThrow();
      expect(await find('half')).toBeUndefined();
      await expect((async () => db.batch([]))()).rejects.toThrow('surrounding transaction');
    });

    it('reads while a long transaction writes', async () => {
      await insert('visible', 1);
      let release = () => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      const writing = db.write(async (tx) => {
        await tx.updateTable('things').set({ count: 2 }).where('name', '=', 'visible').execute();
        await held;
      });
      expect(await Promise.resolve(find('visible'))).toBeDefined();
      release();
      await writing;
      expect(await find('visible')).toMatchObject({ count: 2 });
    });
  });
}

describe('SQLite on disk', () => {
  it('has everything after it was closed and opened again', async () => {
    const folder = temporaryFolder();
    const first = openSqlite<Tables>(folder.path);
    await migrate(first.as<unknown>(), 'test', steps);
    await first.write((tx) => tx.insertInto('things').values({ name: 'kept', count: 1 }).execute());
    await first.close();
    const second = openSqlite<Tables>(folder.path);
    expect(await second.query.selectFrom('things').selectAll().execute()).toEqual([{ name: 'kept', count: 1 }]);
    await second.close();
    folder.remove();
  });
});
