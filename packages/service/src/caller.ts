import type { Caller } from '@mlops/operations';
import type { FastifyRequest } from 'fastify';

/** Who calls, as far as the door can tell. */
export function callerOf(request: FastifyRequest): Caller {
  return { requestId: request.id, ip: request.ip, authorization: request.headers.authorization };
}
