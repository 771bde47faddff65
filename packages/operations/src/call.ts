import { PlatformError } from '@mlops/errors';
import type { Operation } from './operation.ts';

/** Who calls and from where, as far as a protocol's door can tell; `authorization` is the raw header. */
export interface Caller {
  readonly requestId: string;
  readonly ip: string;
  readonly authorization: string | undefined;
  /** The team that the request names, by its address or a header; undefined: the caller's own. */
  readonly team?: string | undefined;
}

/** One call of one operation. */
export interface Call {
  /** The operation's name in its table. */
  readonly name: string;
  readonly operation: Operation;
  /** The decoded request. */
  readonly input: unknown;
  readonly caller: Caller;
}

/** What every operation of every protocol passes through. It tells the operation for which team it is performed. */
export type Pipeline = <T>(call: Call, perform: (team: string) => Promise<T>) => Promise<T>;

/** The team that is there from the start. */
export const DEFAULT_TEAM = 'default';

/** The pipeline of an engine that runs alone: one user on this machine, one team, nothing recorded. */
export const direct: Pipeline = async ({ caller }, perform) => {
  if (caller.team !== undefined && caller.team !== DEFAULT_TEAM) throw noTeam(caller.team);
  return perform(DEFAULT_TEAM);
};

/** For a team that does not exist, and just so for one of which the caller is no member. */
export function noTeam(name: string): PlatformError {
  return new PlatformError('NOT_FOUND', `There is no team '${name.slice(0, 100)}' here.`, { field: 'team' });
}
