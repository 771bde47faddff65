import type { Manifest } from '../manifests.ts';
import type { ControlPlane } from './control-plane.ts';

/** An object, for people. */
export const name = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

/** The live objects of these manifests, in their order. */
export async function read(target: ControlPlane, objects: readonly Manifest[]): Promise<Manifest[]> {
  const list = {
    apiVersion: 'v1',
    kind: 'List',
    items: objects.map(({ apiVersion, kind, metadata }) => ({
      apiVersion,
      kind,
      metadata: { name: metadata.name, namespace: metadata.namespace },
    })),
  };
  const answer = JSON.parse(await target.get(['get', '-f', '-', '-o', 'json'], JSON.stringify(list))) as {
    items: Manifest[];
  };
  return answer.items;
}

/** What only a change of what was asked for changes: no status, and not the replicas that an autoscaler sets. */
export function stable(object: Manifest): object {
  const metadata = { ...object.metadata, managedFields: undefined, resourceVersion: undefined };
  const rest = { ...object, status: undefined };
  if (object.kind !== 'Deployment') return { ...rest, metadata };
  return {
    ...rest,
    metadata: { ...metadata, generation: undefined },
    spec: { ...object['spec'], replicas: undefined },
  };
}
