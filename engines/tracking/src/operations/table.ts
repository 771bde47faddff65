import { type HttpMethod, type OperationShape, operation as row } from '@mlops/operations';
import type { TSchema } from 'typebox';

type Shape<Request extends TSchema, Response extends TSchema> = OperationShape<Request, Response>;

/**
 * A row of MLflow's table. What a training loop logs by the thousand (metrics, params, tags of runs) is data, not an act
 * of control: its rows say `audited: false`.
 */
export function operation<Request extends TSchema, Response extends TSchema>(
  route: `${HttpMethod} /${string}`,
  access: Shape<Request, Response>['access'],
  resource: Shape<Request, Response>['resource'],
  request: Request,
  response: Response,
  options: Pick<Shape<Request, Response>, 'announced' | 'audited' | 'alsoMethods' | 'details' | 'effect'> = {},
) {
  return row(route, { access, resource, request, response, ...options });
}

/** Details without what the request did not say: an audit entry's canonical form knows no undefined. */
export function given(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
}
