import type { Database } from '@mlops/database';
import { type PlatformError, toPlatformError } from '@mlops/errors';
import type { Call, Pipeline } from '@mlops/operations';
import { type Authoriser, identify, type Principal } from '../access/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Gates } from '../gates/index.ts';
import type { Quotas } from '../quotas/index.ts';
import type { Meter } from './meter.ts';

export interface PipelineParts {
  readonly authoriser: Authoriser;
  readonly quotas: Quotas;
  readonly gates: Gates;
  readonly audit: Audit;
  readonly meter: Meter;
  readonly database: Database<unknown>;
}

/**
 * What every operation of every protocol passes: who calls, may they, is there quota, do the gates hold, then the
 * operation, its audit entry, the meter. An engine on the platform's own database commits together with its audit
 * entry; a remote one is audited after it has answered.
 */
export function createPipeline(parts: PipelineParts, { sharesDatabase }: { sharesDatabase: boolean }): Pipeline {
  const { authoriser, quotas, gates, audit, meter, database } = parts;

  async function admit(principal: Principal, call: Call): Promise<void> {
    authoriser.authorise({ principal, action: call.operation.access, resource: call.resource, operation: call.name });
    await quotas.check(principal, call);
    await gates.check(call);
  }

  /** A refusal or failure of something audited is itself an entry; what only reads is not. */
  async function note(
    principal: Principal,
    call: Call,
    error: PlatformError,
    outcome: 'denied' | 'failed',
  ): Promise<void> {
    const { audited, effect } = call.operation;
    if (audited && (outcome === 'denied' || effect === 'long')) {
      await audit.refused(principal, call, outcome, error.message);
    }
  }

  function perform<T>(principal: Principal, call: Call, operation: () => Promise<T>): Promise<T> {
    const { audited, effect } = call.operation;
    if (!audited) return operation();
    const inTransaction = effect === 'transaction' && sharesDatabase;
    const recorded = async () => {
      const result = await operation();
      await audit.record();
      return result;
    };
    return audit.within(principal, call, () => (inTransaction ? database.write(recorded) : recorded()));
  }

  return async (call, operation) => {
    const started = performance.now();
    const principal = identify(call.caller);
    let outcome: 'succeeded' | 'denied' | 'failed' = 'denied';
    try {
      await admit(principal, call);
      outcome = 'failed';
      const result = await perform(principal, call, operation);
      outcome = 'succeeded';
      return result;
    } catch (thrown) {
      const error = toPlatformError(thrown);
      await note(principal, call, error, outcome === 'denied' ? 'denied' : 'failed');
      throw error;
    } finally {
      meter.count(principal.team, call.name, outcome, performance.now() - started);
    }
  };
}
