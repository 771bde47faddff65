import { suite } from '@mlops/testing';
import { beforeAll, expect, it } from 'vitest';
import { type Manifest, renderEnvironment } from '../manifests.ts';

/** A broker's `transaction.max.timeout.ms`, unless it is told otherwise: https://kafka.apache.org/documentation/#brokerconfigs */
const LONGEST_TRANSACTION_MS = 900_000;

suite("the job that Flink makes of the feature's SQL", { needs: ['kubectl'] }, () => {
  /** Options of each table, by its name. */
  const tables = new Map<string, ReadonlyMap<string, string>>();
  let job: Manifest;

  beforeAll(async () => {
    const objects = (await renderEnvironment('prod')).get('flink') ?? [];
    const map = objects.find(({ kind }) => kind === 'ConfigMap') as Manifest;
    job = objects.find(({ kind }) => kind === 'FlinkDeployment') as Manifest;
    const sql = map['data']['pipeline.sql'] as string;
    for (const [, name = '', options = ''] of sql.matchAll(/CREATE TEMPORARY TABLE (\w+) \(.*?WITH \((.*?)\n\);/gs))
      tables.set(
        name,
        new Map([...options.matchAll(/'([^']+)' = '([^']*)'/g)].map(([, key = '', value = '']) => [key, value])),
      );
  });

  it('has a source and two sinks', () => {
    expect([...tables.keys()]).toEqual(['departures', 'online_features', 'offline_features']);
  });

  it('asks for transactions that a broker grants, longer than two checkpoints', () => {
    for (const [name, options] of tables) {
      if (options.get('sink.delivery-guarantee') !== 'exactly-once') continue;
      const timeout = Number(options.get('properties.transaction.timeout.ms'));
      expect([name, timeout <= LONGEST_TRANSACTION_MS]).toEqual([name, true]);
      const interval = Number.parseInt(job.spec.flinkConfiguration['execution.checkpointing.interval'], 10);
      expect(timeout).toBeGreaterThan(2 * interval * 1000);
      expect(options.get('sink.transactional-id-prefix')).toBeTruthy();
    }
    expect([...tables.values()].some((options) => options.get('sink.delivery-guarantee') === 'exactly-once')).toBe(
      true,
    );
  });

  it('goes on where a partition is silent', () => {
    expect(tables.get('departures')?.get('scan.watermark.idle-timeout')).toMatch(/^\d+ (s|min)$/);
  });
});
