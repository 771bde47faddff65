import type { Database } from '@mlops/database';
import type { TrackedQuantity } from '../engine.ts';
import { inWorkspace, WORKSPACES } from './artifacts.ts';
import { DEFAULT_WORKSPACE } from './context.ts';
import type { TrackingTables } from './tables.ts';

/** See `TrackingEngine.used`. */
export async function used(
  { query }: Database<TrackingTables>,
  workspace: string,
  what: TrackedQuantity,
): Promise<number> {
  const counted = {
    experiments: () =>
      query
        .selectFrom('experiments')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('workspace', '=', workspace)
        .where('lifecycle_stage', '=', 'active'),
    runs: () =>
      query
        .selectFrom('runs as r')
        .innerJoin('experiments as e', 'e.id', 'r.experiment')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('e.workspace', '=', workspace)
        .where('r.lifecycle_stage', '=', 'active'),
    'registered-models': () =>
      query
        .selectFrom('registered_models')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('workspace', '=', workspace),
    'storage-bytes': () => bytes(query, workspace),
  };
  const row = await counted[what]().executeTakeFirstOrThrow();
  // PostgreSQL adds whole numbers up to a numeric, which arrives as text.
  return Number(row.n ?? 0);
}

/** Artifacts of `default` lie beside the folder of the other workspaces. */
function bytes(query: Database<TrackingTables>['query'], workspace: string) {
  const sum = query.selectFrom('artifacts').select((eb) => eb.fn.sum<number | string | null>('size').as('n'));
  const root = workspace === DEFAULT_WORKSPACE ? WORKSPACES : inWorkspace(workspace, '');
  const [from, to] = [`${root}/`, `${root}0`];
  return workspace === DEFAULT_WORKSPACE
    ? sum.where((eb) => eb.or([eb('path', '<', from), eb('path', '>=', to)]))
    : sum.where('path', '>=', from).where('path', '<', to);
}
