import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from '@mlops/testing';
import { beforeAll, expect, it } from 'vitest';
import { charts } from '../charts.ts';
import { type Manifest, renderEnvironment, root } from '../manifests.ts';

/** What the operator labels by namespace: https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.ObjectReference */
const resources: Readonly<Record<string, string>> = {
  ServiceMonitor: 'servicemonitors',
  PodMonitor: 'podmonitors',
  Probe: 'probes',
  PrometheusRule: 'prometheusrules',
};

suite('the namespace label that Prometheus enforces', { needs: ['kubectl'] }, () => {
  let objects: Manifest[];
  /** The operator's own reading of the exceptions: a namespace, a kind, and a name or none. */
  let isExcluded: (resource: string, namespace: string) => boolean;
  let teams: string[];

  beforeAll(async () => {
    objects = [...(await renderEnvironment('prod')).values()].flat();
    const { spec } = objects.find(({ kind }) => kind === 'Prometheus') as Manifest;
    expect(spec.enforcedNamespaceLabel).toBe('namespace');
    const listed = spec.excludedFromEnforcement as {
      group: string;
      resource: string;
      namespace: string;
      name?: string;
    }[];
    isExcluded = (resource, namespace) =>
      listed.some(
        (one) =>
          one.group === 'monitoring.coreos.com' &&
          one.resource === resource &&
          one.namespace === namespace &&
          one.name === undefined,
      );
    teams = objects
      .filter(({ kind, metadata }) => kind === 'Namespace' && metadata.labels?.['mlops.dev/tenancy'] === 'team')
      .map(({ metadata }) => metadata.name);
  });

  it('leaves the monitors and rules of the platform as they are written', () => {
    const own = objects.filter(({ kind, metadata }) => kind in resources && !teams.includes(metadata.namespace ?? ''));
    expect(own.length).toBeGreaterThan(5);
    const rewritten = own.filter(({ kind, metadata }) => !isExcluded(resources[kind] ?? '', metadata.namespace ?? ''));
    expect(rewritten.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([]);
  });

  it("leaves the operators' monitors and rules as their charts write them", async () => {
    const rewritten: string[] = [];
    let monitored = 0;
    for (const { name, namespace } of charts) {
      const values = await readFile(join(root, `operators/charts/${name}.yaml`), 'utf8');
      const monitors = /service[mM]onitor: \{[^}]*(enabled|create): true|kube-state-metrics:/.test(values);
      const rules = /defaultRules: \{ create: true/.test(values);
      monitored += Number(monitors) + Number(rules);
      if (monitors && !isExcluded('servicemonitors', namespace)) rewritten.push(`monitors of ${name}`);
      if (rules && !isExcluded('prometheusrules', namespace)) rewritten.push(`rules of ${name}`);
    }
    expect(rewritten).toEqual([]);
    expect(monitored).toBeGreaterThan(6);
  });

  it("holds a team's to the team's namespace", () => {
    expect(teams.length).toBeGreaterThan(2);
    for (const team of teams)
      for (const resource of Object.values(resources))
        expect([team, isExcluded(resource, team)]).toEqual([team, false]);
  });
});
