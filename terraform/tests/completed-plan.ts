import { origin } from '../configuration.ts';
import { type Plan, type PlannedResource, resources } from '../terraform.ts';

type Block = Record<string, unknown>;

/**
 * The plan with what is known only after the apply written down as what it comes from: `${module.kms.aws_kms_key.this}`.
 * Checkov takes an unknown value for a missing one, and would report every key that the same plan makes. Only what the
 * configuration really sets from other resources is filled in, so an argument that nobody wrote stays empty.
 */
export function completed(plan: Plan): Plan {
  const copy = structuredClone(plan);
  const changes = new Map((copy.resource_changes ?? []).map(({ address, change }) => [address, change as Block]));
  for (const resource of resources(copy)) {
    const change = changes.get(resource.address);
    const unknown = change?.['after_unknown'] as Block | undefined;
    for (const values of [resource.values, change?.['after']])
      if (values) fill(copy, resource, values as Block, unknown ?? {}, '');
  }
  return copy;
}

function fill(plan: Plan, resource: PlannedResource, values: Block, unknown: Block, path: string): void {
  for (const [name, missing] of Object.entries(unknown)) {
    const here = path === '' ? name : `${path}.${name}`;
    if (missing === true) {
      const sources = [...origin(plan, resource, here)];
      const source = sources.find((address) => address.includes('.aws_kms_key.')) ?? sources[0];
      if (source !== undefined) values[name] = `\${${source}}`;
    } else if (Array.isArray(missing)) {
      const blocks = values[name];
      for (const [index, block] of missing.entries())
        if (typeof block === 'object' && block !== null && Array.isArray(blocks) && blocks[index])
          fill(plan, resource, blocks[index] as Block, block as Block, here);
    }
  }
}
