import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from '@mlops/testing';
import { beforeAll, expect, it } from 'vitest';
import { type Manifest, readManifests, renderEnvironment, root } from '../manifests.ts';
import { fromInternet, fromVpc, inside, outside } from './connectivity.table.ts';
import { inBlock, mayReceive, maySend, type Network, namedPorts, places, type Workload } from './connectivity.ts';
import { operated, workloads } from './workloads.ts';

suite('network policies', { needs: ['kubectl'] }, () => {
  let network: Network;
  let pods: readonly Workload[];
  const name = ({ namespace, name }: Workload) => `${namespace}/${name}`;

  beforeAll(async () => {
    const objects: Manifest[] = [...(await renderEnvironment('prod')).values()].flat();
    const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
    network = {
      policies: objects.filter(({ kind }) => kind === 'NetworkPolicy'),
      namespaces: new Map(namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
    };
    pods = [...workloads(objects), ...operated];
  });

  /** The ports on which a question is answered yes, as the tables write them. */
  const ports = (question: (port: number, protocol: string) => boolean) =>
    namedPorts(network)
      .filter(({ port, protocol }) => question(port, protocol))
      .sort((left, right) => left.port - right.port || left.protocol.localeCompare(right.protocol))
      .map(({ port, protocol }) => (protocol === 'TCP' ? `${port}` : `${port}/${protocol}`))
      .join(' ');

  const matrix = <T>(
    rows: readonly T[],
    columns: readonly string[],
    cell: (row: T, column: string) => string,
    label: (row: T) => string,
  ) =>
    Object.fromEntries(
      rows.flatMap((row) => {
        const cells = columns.map((column) => [column, cell(row, column)] as const).filter(([, text]) => text !== '');
        return cells.length > 0 ? [[label(row), Object.fromEntries(cells)]] : [];
      }),
    );

  it('come to the table of who talks to whom', () => {
    const own = pods.filter(({ namespace }) => namespace !== 'kube-system');
    const byName = new Map(own.map((pod) => [name(pod), pod]));
    const cell = (from: Workload, to: string) => {
      const target = byName.get(to);
      if (!target) return '';
      return ports(
        (port, protocol) =>
          maySend(network, from, target, port, protocol) && mayReceive(network, target, from, port, protocol),
      );
    };
    expect(matrix(own, [...byName.keys()], cell, name)).toEqual(inside);
  });

  it('match at both ends: nobody may send what nobody receives, or wait for what nobody sends', () => {
    const lonely: string[] = [];
    for (const from of pods) {
      for (const to of pods) {
        if (from.namespace === 'kube-system' || to.namespace === 'kube-system') continue;
        for (const { port, protocol } of namedPorts(network)) {
          const [sent, received] = [
            maySend(network, from, to, port, protocol),
            mayReceive(network, to, from, port, protocol),
          ];
          if (sent !== received)
            lonely.push(`${name(from)} -> ${name(to)} ${port}: only ${sent ? 'sent' : 'received'}`);
        }
      }
    }
    expect(lonely).toEqual([]);
  });

  it('come to the table of places outside', () => {
    const own = pods.filter(({ namespace }) => namespace !== 'kube-system');
    const cell = (from: Workload, place: string) =>
      ports((port, protocol) => maySend(network, from, places[place as keyof typeof places], port, protocol));
    expect(matrix(own, ['internet', 'vpc', 'pod identity agent'], cell, name)).toEqual(outside);
    const open = own.map((pod) => [
      name(pod),
      ports((port, protocol) => mayReceive(network, pod, places.internet, port, protocol)),
    ]);
    expect(Object.fromEntries(open.filter(([, text]) => text !== ''))).toEqual(fromInternet);
  });

  it('let pods reach the API server by the address of its Service, which is not translated yet when they are asked', async () => {
    const module = await readFile(join(root, '../terraform/modules/eks/variables.tf'), 'utf8');
    const [, range = ''] = /variable "service_cidr" \{[^}]*default\s*=\s*"([^"]+)"/.exec(module) ?? [];
    expect(inBlock(places.service, range)).toBe(true);
    const own = pods.filter(({ namespace }) => namespace !== 'kube-system');
    const reach = (from: Workload, place: keyof typeof places) =>
      ports((port, protocol) => maySend(network, from, places[place], port, protocol));
    for (const pod of own) expect([name(pod), reach(pod, 'service')]).toEqual([name(pod), reach(pod, 'vpc')]);
    expect(own.filter((pod) => maySend(network, pod, places.service, 443)).length).toBeGreaterThan(8);
    // what EKS takes beside a VPC in 10.0.0.0/8 would be out of their reach
    expect(own.filter((pod) => maySend(network, pod, '172.20.0.1', 443)).map(name)).toEqual([]);
  });

  it('let the API server call webhooks and aggregated APIs, and others of the VPC what the edge gives', () => {
    const own = pods.filter(({ namespace }) => namespace !== 'kube-system');
    const open = own.map((pod) => [
      name(pod),
      ports((port, protocol) => mayReceive(network, pod, places.vpc, port, protocol)),
    ]);
    expect(Object.fromEntries(open.filter(([, text]) => text !== ''))).toEqual(fromVpc);
  });

  it('let cert-manager find out whether its DNS records have arrived: from name servers of zones, or else from the own one alone', async () => {
    const manager = pods.find((pod) => name(pod) === 'cert-manager/cert-manager') as Workload;
    const asksZones =
      maySend(network, manager, places.internet, 53, 'UDP') && maySend(network, manager, places.internet, 53);
    const [values] = readManifests(await readFile(join(root, 'operators/charts/cert-manager.yaml'), 'utf8'));
    expect(asksZones || values?.['dns01RecursiveNameserversOnly'] === true).toBe(true);
  });

  it('let every pod ask for names, and none reach instance metadata', () => {
    const dns = operated.find(({ name }) => name === 'dns') as Workload;
    for (const pod of pods.filter(({ namespace }) => namespace !== 'kube-system')) {
      expect([name(pod), maySend(network, pod, dns, 53, 'UDP'), maySend(network, pod, dns, 53)]).toEqual([
        name(pod),
        true,
        true,
      ]);
      expect([
        name(pod),
        ports((port, protocol) => maySend(network, pod, places['instance metadata'], port, protocol)),
      ]).toEqual([name(pod), '']);
    }
  });

  it('deny by default, in and out, in every namespace of ours', () => {
    const closed = network.policies.filter(
      ({ metadata, spec }) =>
        metadata.name === 'default-deny' && spec.policyTypes.length === 2 && !spec.ingress && !spec.egress,
    );
    expect(closed.map(({ metadata }) => metadata.namespace).sort()).toEqual([...network.namespaces.keys()].sort());
  });

  it('are computed as Kubernetes does (address blocks)', () => {
    expect(inBlock('10.1.2.3', '10.0.0.0/8')).toBe(true);
    expect(inBlock('11.1.2.3', '10.0.0.0/8')).toBe(false);
    expect(inBlock('169.254.170.23', '169.254.170.23/32')).toBe(true);
    expect(inBlock('203.0.113.10', '0.0.0.0/0')).toBe(true);
  });
});
