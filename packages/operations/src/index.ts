export type { Call, Caller, Pipeline } from './call.ts';
export { DEFAULT_TEAM, direct, noTeam } from './call.ts';
export {
  type Access,
  COLLECTION,
  type Effect,
  type HttpMethod,
  type NamedResource,
  namedResource,
  type Operation,
  type OperationShape,
  operation,
  type ResourceRef,
  type ResourceRule,
} from './operation.ts';
