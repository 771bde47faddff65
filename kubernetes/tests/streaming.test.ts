import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { needTool, suite } from '@mlops/testing';
import { beforeAll, expect, it } from 'vitest';
import { type Manifest, renderEnvironment, root } from '../manifests.ts';
import { finalStage, stages } from './dockerfile.ts';

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

  it('runs the image that is built here, and loads nothing that somebody must have uploaded', async () => {
    expect(job.spec.image).toMatch(/^\d{12}\.dkr\.ecr\.us-east-1\.amazonaws\.com\/mlops\/flink:\d+\.\d+\.\d+$/);
    expect(JSON.stringify((await renderEnvironment('prod')).get('flink'))).not.toMatch(
      /ADD JAR|ENABLE_BUILT_IN_PLUGINS/,
    );
  });

  it('goes on where a partition is silent', () => {
    expect(tables.get('departures')?.get('scan.watermark.idle-timeout')).toMatch(/^\d+ (s|min)$/);
  });
});

suite("Flink's image", { needs: ['kubectl', 'mvn'] }, () => {
  const file = 'kubernetes/flink/image/Dockerfile';

  it("is of the job's version, is not root, and has S3 where Flink looks for plugins", async () => {
    const objects = (await renderEnvironment('prod')).get('flink') ?? [];
    const { spec } = objects.find(({ kind }) => kind === 'FlinkDeployment') as Manifest;
    const version = /flink:(\d+\.\d+)\.\d+-java17$/m.exec(await readFile(join(root, '..', file), 'utf8'))?.[1];
    expect(spec.flinkVersion).toBe(`v${version?.replace('.', '_')}`);
    const { of } = await finalStage(file);
    const { securityContext } = spec.podTemplate.spec;
    expect(of('USER')).toEqual([`${securityContext.runAsUser}:${securityContext.runAsGroup}`]);
    expect(of('RUN').join()).toContain('/opt/flink/plugins/');
  });

  it('gets its jars by the step of its Dockerfile, whose checksums hold', { timeout: 300_000 }, async () => {
    const [build = []] = await stages(file);
    const step = build.find(({ name }) => name === 'RUN')?.rest ?? '';
    expect(step).toContain('--strict-checksums');
    const folder = await mkdtemp(join(tmpdir(), 'mlops-flink-'));
    try {
      await copyFile(join(root, 'flink/image/pom.xml'), join(folder, 'pom.xml'));
      const { code, stdout } = await run('sh', ['-c', step.replace(/^mvn/, needTool('mvn'))], {
        cwd: folder,
        group: true,
      });
      expect([code, code === 0 ? '' : stdout]).toEqual([0, '']);
      const jars = (await readdir(join(folder, 'jars'))).map((jar) => jar.replace(/-\d.*$/, ''));
      for (const jar of [
        'flink-sql-connector-kafka',
        'flink-parquet',
        'parquet-hadoop',
        'hadoop-client-api',
        'hadoop-client-runtime',
      ])
        expect(jars).toContain(jar);
      // a second one of what the image has would hide its own
      expect(jars.filter((jar) => /^(slf4j|log4j|flink-(dist|table|json))/.test(jar))).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
