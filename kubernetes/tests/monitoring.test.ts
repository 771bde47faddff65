import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, type Server, startServer } from '@mlops/child-process';
import { freePort, needTool, type Started, startProgram, suite } from '@mlops/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type Manifest, renderEnvironment } from '../manifests.ts';

interface Alert {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: { readonly summary: string };
}

/** The platform's objects of one kind. */
async function objects(kind: string): Promise<Manifest[]> {
  return [...(await renderEnvironment('prod')).values()].flat().filter((one) => one.kind === kind);
}

const find = async (kind: string, name: string) =>
  (await objects(kind)).find(({ metadata }) => metadata.name === name) as Manifest;

/** Whether the operator leaves the objects of a namespace as they are: `excludedFromEnforcement`. */
async function isExcluded(resource: string, namespace: string): Promise<boolean> {
  const { spec } = await find('Prometheus', 'mlops');
  expect(spec.enforcedNamespaceLabel).toBe('namespace');
  return (spec.excludedFromEnforcement as { resource: string; namespace: string }[]).some(
    (one) => one.resource === resource && one.namespace === namespace,
  );
}

/**
 * The labels of a series as the operator's scrape configuration makes them: job, namespace and service of the target, and the
 * monitor's namespace over all where it is enforced. Labels that a series brings itself give way (`honorLabels`: they stay).
 * https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.ServiceMonitor
 */
async function scraped(
  resource: 'servicemonitors' | 'probes',
  target: { readonly namespace: string; readonly job: string },
  own: Readonly<Record<string, string>> = {},
  honorLabels = false,
): Promise<Record<string, string>> {
  const labels = { namespace: target.namespace, job: target.job };
  const merged = honorLabels ? { ...labels, ...own } : { ...own, ...labels };
  return (await isExcluded(resource, target.namespace)) ? merged : { ...merged, namespace: target.namespace };
}

const series = (name: string, labels: Readonly<Record<string, string>>) =>
  `${name}{${Object.entries(labels)
    .map(([key, value]) => `${key}="${value}"`)
    .join(',')}}`;

suite('alerts', { needs: ['kubectl', 'promtool'] }, () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mlops-rules-'));
    const rules = await objects('PrometheusRule');
    expect(rules.length).toBeGreaterThan(0);
    // the operator would rewrite every selector of others to their own namespace
    for (const { metadata } of rules) expect(await isExcluded('prometheusrules', metadata.namespace ?? '')).toBe(true);
    await writeFile(join(folder, 'rules.yaml'), stringify({ groups: rules.flatMap(({ spec }) => spec.groups) }));
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('are rules that Prometheus reads', async () => {
    const { code, stdout, stderr } = await run(needTool('promtool'), ['check', 'rules', join(folder, 'rules.yaml')]);
    expect([code, `${stdout}${stderr}`]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  /** What Prometheus would say of series after some time. */
  async function alerts(
    name: string,
    at: string,
    given: Readonly<Record<string, string>>,
    expected: readonly Readonly<Record<string, string>>[],
  ): Promise<string> {
    const file = join(folder, 'test.yaml');
    const found = (await objects('PrometheusRule'))
      .flatMap(({ spec }) => spec.groups as { rules: Alert[] }[])
      .flatMap(({ rules }) => rules)
      .find(({ alert }) => alert === name);
    if (!found) throw new Error(`there is no alert ${name}`);
    const { labels: more, annotations } = found;
    const text = (labels: Readonly<Record<string, string>>, summary: string) =>
      summary.replace(/\{\{ \$labels\.(\w+) \}\}/g, (_whole, label: string) => labels[label] ?? '');
    const exp_alerts = expected.map((labels) => ({
      exp_labels: { ...labels, ...more },
      exp_annotations: { summary: text(labels, annotations.summary) },
    }));
    const test = {
      interval: '1m',
      input_series: Object.entries(given).map(([one, values]) => ({ series: one, values })),
      alert_rule_test: [{ eval_time: at, alertname: name, exp_alerts }],
    };
    await writeFile(file, stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests: [test] }));
    const { code, stdout, stderr } = await run(needTool('promtool'), ['test', 'rules', file]);
    return code === 0 ? '' : `${stdout}${stderr}`;
  }

  it('say that the platform is down, and only then', async () => {
    const labels = await scraped('servicemonitors', { namespace: 'mlops', job: 'platform-api' });
    const up = series('up', { ...labels, pod: 'platform-api-1' });
    expect(await alerts('PlatformDown', '10m', { [up]: '1x10' }, [])).toBe('');
    expect(await alerts('PlatformDown', '10m', { [up]: '0x10' }, [{}])).toBe('');
    expect(await alerts('PlatformDown', '10m', {}, [{}])).toBe('');
  });

  it('say that the tracking server does not answer', async () => {
    const probe = (await objects('Probe')).find(({ spec }) =>
      JSON.stringify(spec.targets).includes('mlflow'),
    ) as Manifest;
    const { jobName: job } = probe.spec;
    const labels = await scraped('probes', { namespace: probe.metadata.namespace ?? '', job });
    const success = series('probe_success', labels);
    expect(await alerts('TrackingDown', '10m', { [success]: '1x10' }, [])).toBe('');
    expect(await alerts('TrackingDown', '10m', { [success]: '0x10' }, [labels])).toBe('');
  });

  it('keep the team of a quota, which the series brings along', async () => {
    const target = { namespace: 'monitoring', job: 'kube-state-metrics' };
    const of = (type: string) =>
      scraped(
        'servicemonitors',
        target,
        { namespace: 'team-fraud', resource: 'pods', resourcequota: 'team-quota', type },
        true,
      );
    const [used, hard] = [await of('used'), await of('hard')];
    const { type: _type, ...labels } = used;
    const given = { [series('kube_resourcequota', used)]: '95x30', [series('kube_resourcequota', hard)]: '100x30' };
    expect(await alerts('QuotaNearlyUsed', '20m', given, [labels])).toBe('');
    expect(
      await alerts('QuotaNearlyUsed', '20m', { ...given, [series('kube_resourcequota', used)]: '80x30' }, []),
    ).toBe('');
  });

  it('say that there is no backup, that a certificate ends, and that features grow old', async () => {
    const velero = {
      ...(await scraped('servicemonitors', { namespace: 'velero', job: 'velero' })),
      schedule: 'teams-hourly',
    };
    const last = series('velero_backup_last_successful_timestamp', velero);
    expect(await alerts('BackupMissing', '4h', { [last]: '0x240' }, [velero])).toBe('');
    expect(await alerts('BackupMissing', '4h', { [last]: '0+60x240' }, [])).toBe('');
    const manager = {
      ...(await scraped('servicemonitors', { namespace: 'cert-manager', job: 'cert-manager' })),
      name: 'edge',
    };
    const end = series('certmanager_certificate_expiration_timestamp_seconds', manager);
    expect(await alerts('CertificateExpiring', '2h', { [end]: '1000000x120' }, [manager])).toBe('');
    expect(await alerts('CertificateExpiring', '2h', { [end]: '2000000x120' }, [])).toBe('');
    const job = { namespace: 'feast', cronjob: 'feast-materialise' };
    const cron = await scraped('servicemonitors', { namespace: 'monitoring', job: 'kube-state-metrics' }, job, true);
    const done = series('kube_cronjob_status_last_successful_time', cron);
    expect(await alerts('MaterialisationFailing', '2h', { [done]: '0x120' }, [cron])).toBe('');
    expect(await alerts('MaterialisationFailing', '2h', { [done]: '0+60x120' }, [])).toBe('');
  });
});

suite('where alerts go', { needs: ['kubectl', 'amtool'] }, () => {
  it.each([
    ['critical', 'pagerduty'],
    ['warning', 'slack'],
    ['info', 'nobody'],
  ])('%s reaches %s', async (severity, receiver) => {
    const { spec } = await find('AlertmanagerConfig', 'mlops');
    const matcher = ({ name, value, matchType }: Record<string, string>) => `${name}${matchType}"${value}"`;
    const { groupBy, routes, receiver: first } = spec.route;
    const configuration = {
      route: {
        receiver: first,
        group_by: groupBy,
        routes: routes.map((one: any) => ({ receiver: one.receiver, matchers: one.matchers.map(matcher) })),
      },
      receivers: spec.receivers.map(({ name }: { name: string }) => ({ name })),
      inhibit_rules: spec.inhibitRules.map((rule: any) => ({
        source_matchers: rule.sourceMatch.map(matcher),
        target_matchers: rule.targetMatch.map(matcher),
        equal: rule.equal,
      })),
    };
    const folder = await mkdtemp(join(tmpdir(), 'mlops-routes-'));
    try {
      const file = join(folder, 'alertmanager.yml');
      await writeFile(file, stringify(configuration));
      const test = ['config', 'routes', 'test', `--config.file=${file}`, `severity=${severity}`, 'namespace=mlops'];
      const { code, stdout } = await run(needTool('amtool'), test);
      expect([code, stdout.trim()]).toEqual([0, receiver]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

suite('a real Prometheus', { needs: ['kubectl', 'prometheus'] }, () => {
  let folder: string;
  let platform: Started;
  let prometheus: Server;
  let address: string;

  const ask = async (query: string) => {
    const response = await fetch(`${address}/api/v1/query?${new URLSearchParams({ query })}`);
    const { data } = (await response.json()) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return data.result;
  };
  const eventually = async (query: string, isSo: (value: number) => boolean) => {
    const end = Date.now() + 60_000;
    for (;;) {
      const [found] = await ask(query);
      if (found && isSo(Number(found.value[1]))) return Number(found.value[1]);
      if (Date.now() > end) throw new Error(`${query} is ${found?.value[1] ?? 'nothing'} after a minute`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mlops-prometheus-'));
    const root = join(import.meta.dirname, '../..');
    // with the example's model and its traffic
    platform = await startProgram(join(root, 'platform-api/src/main.ts'), [
      '--port',
      '0',
      '--data',
      join(folder, 'data'),
    ]);
    const { spec } = await find('ServiceMonitor', 'platform-api');
    const [{ path }] = spec.endpoints;
    const labels = await scraped('servicemonitors', { namespace: 'mlops', job: 'platform-api' });
    const configuration = {
      global: { scrape_interval: '1s' },
      scrape_configs: [
        {
          job_name: labels['job'],
          metrics_path: path,
          static_configs: [{ targets: [new URL(platform.url).host], labels: { namespace: labels['namespace'] } }],
        },
      ],
    };
    await writeFile(join(folder, 'prometheus.yml'), stringify(configuration));
    address = `http://127.0.0.1:${await freePort()}`;
    const flags = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'tsdb')}`,
      `--web.listen-address=${new URL(address).host}`,
    ];
    prometheus = await startServer(needTool('prometheus'), flags, `${address}/-/ready`);
  }, 180_000);

  afterAll(async () => {
    await prometheus.stop();
    await platform.stop();
    await rm(folder, { recursive: true });
  });

  it('scrapes the platform as its monitor says', { timeout: 120_000 }, async () => {
    expect(await eventually('up{namespace="mlops", job="platform-api"}', (value) => value === 1)).toBe(1);
    expect(
      await eventually('sum(nv_inference_request_success{namespace="mlops"})', (value) => value > 0),
    ).toBeGreaterThan(0);
  });

  it('answers what the autoscaler asks, with traffic and without', { timeout: 180_000 }, async () => {
    const { spec } = await find('ScaledObject', 'platform-api');
    const queries = new Map(
      (spec.triggers as { type: string; name: string; metadata: { query: string } }[])
        .filter(({ type }) => type === 'prometheus')
        .map(({ name, metadata }) => [name, metadata.query]),
    );
    expect([...queries.keys()]).toEqual(['queue', 'p95']);
    await eventually(queries.get('queue') ?? '', (value) => value >= 0);
    // seconds, not milliseconds: a prediction of the example takes some of the latter
    await eventually(queries.get('p95') ?? '', (value) => value > 0 && value < 1);
    const quiet = (queries.get('p95') ?? '').replaceAll('namespace="mlops"', 'namespace="nowhere"');
    expect((await ask(quiet)).map(({ value }) => value[1])).toEqual(['0']);
  });
});
