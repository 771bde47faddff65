import type { Metrics } from '@mlops/service';
import { Counter, Gauge } from '@prometheus-io/client';
import type { FeatureHost, Written } from '../engine.ts';

/** Metrics of feature stores; answers what counts the rows of a write to a project. */
export function featureMetrics(
  registry: Metrics,
  host: Pick<FeatureHost, 'materialized'>,
): (project: string, written: Written) => void {
  const registers = [registry];
  const shape = { labelNames: ['project', 'view'], registers } as const;
  const rows = new Counter({
    name: 'feature_rows_written_total',
    help: 'Rows that were newer than what the online store had, and took its place.',
    ...shape,
  });
  const reached = new Gauge({
    name: 'feature_materialized_until_seconds',
    help: 'Event time up to which a view has been materialised, in seconds since 1970.',
    ...shape,
    collect: async () => {
      for (const { project, view, until } of await host.materialized()) reached.set({ project, view }, until / 1000);
    },
  });
  return (project, written) => {
    for (const [view, count] of Object.entries(written)) rows.inc({ project, view }, count);
  };
}
