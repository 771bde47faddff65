import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { AuditFacts } from '@mlops/audit-chain';
import { type Call, COLLECTION, type ResourceRef } from '@mlops/operations';
import type { Principal } from '../access/index.ts';
import type { AuditStore } from './store.ts';

/** Somebody does something to a thing. */
export interface Act {
  readonly principal: Principal;
  readonly call: Call;
  /** With the team that it belongs to. */
  readonly resource: ResourceRef & { readonly team: string };
  /** Whether its entry is durable. */
  recorded: boolean;
}

/** What is known about an act when it is done. */
export interface AuditNote {
  readonly resource?: AuditFacts['resource'];
  /** See `ResourceRule.team`. */
  readonly team?: string;
  readonly details?: AuditFacts['details'];
}

const acting = new AsyncLocalStorage<Act>();

/** Who acts at this moment. @throws Error outside of an act: then nobody has been identified, nor authorised */
export function currentAct(): Act {
  const act = acting.getStore();
  if (!act) throw new Error('nothing is done outside of an act');
  return act;
}

/** For which team somebody acts at this moment; nothing outside of an act. */
export function actingTeam(): string {
  return acting.getStore()?.principal.team ?? '';
}

/** Writes the entries of acts. */
export class Audit {
  readonly #store: AuditStore;

  constructor(store: AuditStore) {
    this.#store = store;
  }

  /** Runs an operation as an act, which all that it calls can ask for. */
  within<T>(act: Act, perform: () => Promise<T>): Promise<T> {
    return acting.run(act, perform);
  }

  /**
   * Writes the entry of the running act, in the surrounding transaction: a long operation does it in the transaction of
   * its change, for all others the pipeline does. A transaction that is repeated writes its entry anew.
   */
  async record(note: AuditNote = {}): Promise<void> {
    const act = currentAct();
    if (!act.call.operation.audited || act.recorded) return;
    await this.#store.append(facts(act, 'succeeded', note));
    this.#store.onCommit(() => {
      act.recorded = true;
    });
  }

  /** An entry about an act that has not succeeded, or not yet. */
  async note(act: Act, outcome: Exclude<AuditFacts['outcome'], 'succeeded'>, reason?: string): Promise<void> {
    const { resource, input } = { resource: act.call.operation.resource, input: act.call.input as never };
    // What was to be made has no id yet, but a place.
    const parent = act.resource.id === COLLECTION ? resource.parent?.(input) : undefined;
    const details = {
      ...(parent ? { in: `${parent.type} ${parent.id}` } : {}),
      ...(act.resource.id === COLLECTION ? nameIn(input) : {}),
    };
    const known = facts(act, outcome, { details });
    await this.#store.append({ ...known, ...(reason === undefined ? {} : { reason }) });
  }
}

const NAME_LENGTH_MAX = 250;

/** What something is to be called that has no id yet. */
function nameIn(input: unknown): { name?: string } {
  const { name } = (input ?? {}) as { name?: unknown };
  return typeof name === 'string' ? { name: name.slice(0, NAME_LENGTH_MAX).toWellFormed() } : {};
}

function facts(
  { principal, call, resource: { type, id } }: Act,
  outcome: AuditFacts['outcome'],
  { resource, team = principal.team, details }: AuditNote,
): AuditFacts {
  return {
    id: randomUUID(),
    time: new Date().toISOString(),
    team,
    actor: {
      type: principal.type,
      id: principal.id,
      ip: call.caller.ip,
      ...(principal.team === team ? {} : { team: principal.team }),
      roles: principal.roles,
      ...(principal.signIn === undefined ? {} : { session: principal.signIn.tokenId }),
    },
    action: call.name,
    resource: resource ?? { type, id },
    outcome,
    request_id: call.caller.requestId,
    ...(details === undefined || Object.keys(details).length === 0 ? {} : { details }),
  };
}
