import { type Compilable, CompiledQuery, type Kysely, type QueryResult } from 'kysely';

const statements = Symbol('statements of a batch');

/** The statements of a batch that `runBatch` has sent to a connection that understands batches. */
export function batchOf(query: CompiledQuery): readonly CompiledQuery[] | undefined {
  return (query as CompiledQuery & { [statements]?: readonly CompiledQuery[] })[statements];
}

/** Runs statements in order in one step between threads (SQLite); elsewhere one after another. */
export async function runBatch(
  tx: Kysely<never>,
  inOneStep: boolean,
  queries: readonly Compilable[],
): Promise<QueryResult<unknown>[]> {
  const compiled = queries.map((query) => query.compile());
  if (inOneStep) {
    const batch = { ...CompiledQuery.raw(''), [statements]: compiled };
    return (await tx.executeQuery(batch)).rows as QueryResult<unknown>[];
  }
  const results: QueryResult<unknown>[] = [];
  for (const query of compiled) results.push(await tx.executeQuery(query));
  return results;
}
