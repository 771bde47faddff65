import type { Metrics } from '@mlops/service';
import { Counter, Gauge } from '@prometheus-io/client';
import type { FeatureEngine, Written } from '../engine.ts';

/** Metrics of a feature engine; answers what counts the rows of a write. */
export function featureMetrics(registry: Metrics, engine: FeatureEngine): (written: Written) => void {
  const registers = [registry];
  const shape = { labelNames: ['view'], registers } as const;
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
      for (const { view, until } of await engine.materialized()) reached.set({ view }, until / 1000);
    },
  });
  return (written) => {
    for (const [view, count] of Object.entries(written)) rows.inc({ view }, count);
  };
}
