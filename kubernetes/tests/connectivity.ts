import type { Manifest } from '../manifests.ts';

/** A group of pods: those of a manifest, or those that an operator makes of one (named by the labels it gives them). */
export interface Workload {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Places outside of the cluster that policies name by address. */
export const places = {
  internet: '203.0.113.10',
  vpc: '10.0.20.30',
  /** A Service's own address (service_cidr of Terraform's module eks): policies are asked about it before it becomes a pod's. */
  service: '10.100.20.30',
  'pod identity agent': '169.254.170.23',
  'instance metadata': '169.254.169.254',
} as const;

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface Port {
  readonly protocol?: string;
  readonly port?: number;
  readonly endPort?: number;
}

interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly Port[];
}

export interface Network {
  readonly policies: readonly Manifest[];
  readonly namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

function selects(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  const exact = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return (
    exact &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      if (operator === 'In') return value !== undefined && values.includes(value);
      if (operator === 'NotIn') return value === undefined || !values.includes(value);
      throw new Error(`unknown operator ${operator}`);
    })
  );
}

const number = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

export function inBlock(address: string, cidr: string): boolean {
  const [base = '', bits = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(address) / size) === Math.floor(number(base) / size);
}

/** The namespace's labels, with the one that the API server adds. */
const namespaceLabels = (network: Network, name: string) => ({
  ...network.namespaces.get(name),
  'kubernetes.io/metadata.name': name,
});

/** A network policy's peer, as https://kubernetes.io/docs/concepts/services-networking/network-policies/ defines it. */
function peerMatches(network: Network, peer: Peer, own: string, other: Workload | string): boolean {
  if (typeof other === 'string') {
    const { ipBlock } = peer;
    return (
      ipBlock !== undefined &&
      inBlock(other, ipBlock.cidr) &&
      !(ipBlock.except ?? []).some((block) => inBlock(other, block))
    );
  }
  if (peer.ipBlock) return false;
  const space = peer.namespaceSelector
    ? selects(peer.namespaceSelector, namespaceLabels(network, other.namespace))
    : other.namespace === own;
  return space && selects(peer.podSelector ?? {}, other.labels);
}

const portMatches = (rule: Rule, port: number, protocol: string) =>
  !rule.ports ||
  rule.ports.some(
    (one) =>
      (one.protocol ?? 'TCP') === protocol &&
      (one.port === undefined || (port >= one.port && port <= (one.endPort ?? one.port))),
  );

function allowed(
  network: Network,
  side: 'Ingress' | 'Egress',
  pod: Workload,
  other: Workload | string,
  port: number,
  protocol: string,
) {
  const own = network.policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.namespace && spec.policyTypes.includes(side) && selects(spec.podSelector, pod.labels),
  );
  // pods that no policy of this side selects are open
  if (own.length === 0) return true;
  return own
    .flatMap(({ spec }) => (side === 'Ingress' ? spec.ingress : spec.egress) as readonly Rule[] | undefined)
    .some((rule) => {
      if (!rule) return false;
      const peers = side === 'Ingress' ? rule.from : rule.to;
      return (
        portMatches(rule, port, protocol) &&
        (!peers || peers.some((peer) => peerMatches(network, peer, pod.namespace, other)))
      );
    });
}

export const maySend = (network: Network, from: Workload, to: Workload | string, port: number, protocol = 'TCP') =>
  allowed(network, 'Egress', from, to, port, protocol);

export const mayReceive = (network: Network, to: Workload, from: Workload | string, port: number, protocol = 'TCP') =>
  allowed(network, 'Ingress', to, from, port, protocol);

/** Every port that any rule names, with its protocol. */
export function namedPorts({ policies }: Network): { port: number; protocol: string }[] {
  const ports = new Map<string, { port: number; protocol: string }>();
  for (const { spec } of policies) {
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])] as Rule[]) {
      for (const { port, endPort, protocol = 'TCP' } of rule.ports ?? []) {
        for (let one = port ?? 0; one <= (endPort ?? port ?? 0); one += 1)
          ports.set(`${protocol}${one}`, { port: one, protocol });
      }
    }
  }
  return [...ports.values()];
}
