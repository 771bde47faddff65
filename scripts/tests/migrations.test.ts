import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** What a program that knows nothing of a step would stumble over: tables and columns that go, change their name or type, or must be filled. */
const TAKES =
  /\b(drop(Table|Column|Constraint|Index|View)|rename(To|Column)|(alter|modify)Column|set(NotNull|DataType))\b|\b(drop|rename)\s+(table|column|to|constraint)\b|\balter\s+column\b/i;

/** The files that have steps of a schema (docs/adr/0036). */
function schemas(): (readonly [file: string, text: string])[] {
  const folders = ['platform-api/src', 'engines', 'packages'];
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !/node_modules|tests?\//.test(file))
      .map((file) => [join(folder, file), readFileSync(join(root, folder, file), 'utf8')] as const)
      .filter(([, text]) => /: Readonly<Record<string, SchemaStep>> =|satisfies Record<string, SchemaStep>/.test(text)),
  );
}

/** Columns that are added to a table that is there, where they must be filled and nothing says with what. */
const unfilled = (text: string) =>
  [...text.matchAll(/alterTable\([^]*?\.execute\(/g)]
    .map(([statement]) => statement)
    .filter((statement) => statement.includes('notNull') && !statement.includes('defaultTo'));

it('a step of a schema only adds, so that the release before goes on with what it makes', () => {
  const found = schemas();
  expect(found.length).toBeGreaterThan(8);
  expect(found.flatMap(([, text]) => [...text.matchAll(/^ {2}'\d{4}_\w+'/gm)]).length).toBeGreaterThan(15);
  expect(found.filter(([, text]) => TAKES.test(text)).map(([file]) => file)).toEqual([]);
  expect(found.filter(([, text]) => unfilled(text).length > 0).map(([file]) => file)).toEqual([]);
});

it('what takes away is known', () => {
  const takes = [
    "db.schema.dropTable('teams')",
    "db.schema.alterTable('teams').renameTo('groups')",
    "alterTable('teams').dropColumn('size')",
    "alterTable('teams').alterColumn('size', (c) => c.setNotNull())",
    'ALTER TABLE teams RENAME COLUMN size TO length',
    'drop table teams',
  ];
  expect(takes.filter((one) => !TAKES.test(one))).toEqual([]);
  expect(unfilled("alterTable('teams').addColumn('x', text, (c) => c.notNull()).execute()")).toHaveLength(1);
  expect(unfilled("alterTable('teams').addColumn('x', text, (c) => c.notNull().defaultTo('')).execute()")).toEqual([]);
});
