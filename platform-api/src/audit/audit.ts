import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { AuditFacts } from '@mlops/audit-chain';
import type { Call } from '@mlops/operations';
import { type Principal, SYSTEM } from '../access/index.ts';
import type { AuditStore } from './store.ts';

/** What a module adds about its own change. */
export interface AuditNote {
  readonly resource?: AuditFacts['resource'];
  readonly details?: AuditFacts['details'];
}

interface Running {
  readonly principal: Principal;
  readonly call: Call;
  recorded: boolean;
}

const running = new AsyncLocalStorage<Running>();

/** Writes audit entries about the operation that is running. */
export class Audit {
  readonly #store: AuditStore;

  constructor(store: AuditStore) {
    this.#store = store;
  }

  /** Runs an operation so that `record` inside of it knows who acts. */
  within<T>(principal: Principal, call: Call, perform: () => Promise<T>): Promise<T> {
    return running.run({ principal, call, recorded: false }, perform);
  }

  /** For a long operation: writes its entry, once, in the transaction of its change. */
  async record(note: AuditNote = {}): Promise<void> {
    const current = running.getStore();
    if (!current || current.recorded || !current.call.operation.audited) return;
    current.recorded = true;
    await this.#store.append(facts(current, 'succeeded', note));
  }

  /** The entry of an operation that did not come to its end. */
  async refused(principal: Principal, call: Call, outcome: 'denied' | 'failed', reason: string): Promise<void> {
    await this.#store.append({ ...facts({ principal, call }, outcome, {}), reason });
  }

  /** Who acts at this moment. */
  actor(): Principal {
    return running.getStore()?.principal ?? SYSTEM;
  }
}

function facts(
  { principal, call }: Pick<Running, 'principal' | 'call'>,
  outcome: AuditFacts['outcome'],
  { resource, details }: AuditNote,
): AuditFacts {
  return {
    id: randomUUID(),
    time: new Date().toISOString(),
    team: principal.team,
    actor: { type: principal.type, id: principal.id, ip: call.caller.ip },
    action: call.name,
    resource: resource ?? call.resource,
    outcome,
    request_id: call.caller.requestId,
    ...(details === undefined ? {} : { details }),
  };
}
