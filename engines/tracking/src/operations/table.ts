import type { Access, Effect, HttpMethod, Operation } from '@mlops/operations';
import type { TSchema } from 'typebox';

/** A row of MLflow's table: an operation, and the further methods under which clients also call it. */
export interface TrackingOperation extends Operation {
  readonly alsoMethods?: readonly HttpMethod[];
}

interface Options {
  readonly effect?: Effect;
  readonly audited?: boolean;
  readonly field?: string;
  readonly alsoMethods?: readonly HttpMethod[];
}

/**
 * A row. What reads has no effect; what changes is one transaction and audited, except where `options` say otherwise:
 * what a training loop logs by the thousand (metrics, params, tags of runs) is data, not an act of control.
 */
export function operation<Request extends TSchema, Response extends TSchema>(
  route: `${HttpMethod} /${string}`,
  access: Access,
  resourceType: string,
  request: Request,
  response: Response,
  options: Options = {},
) {
  const [method, path] = route.split(' ') as [HttpMethod, string];
  return {
    method,
    path,
    access,
    request,
    response,
    effect: options.effect ?? (access === 'read' ? 'none' : 'transaction'),
    audited: options.audited ?? access !== 'read',
    resource: { type: resourceType, ...(options.field === undefined ? {} : { field: options.field }) },
    ...(options.alsoMethods === undefined ? {} : { alsoMethods: options.alsoMethods }),
  } satisfies TrackingOperation;
}
