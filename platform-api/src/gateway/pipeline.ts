import type { Database } from '@mlops/database';
import { type PlatformError, toPlatformError } from '@mlops/errors';
import { type Call, type NamedResource, namedResource, type Pipeline } from '@mlops/operations';
import { type Authoriser, type Identity, type Principal, UNKNOWN } from '../access/index.ts';
import type { Act, Audit } from '../audit/index.ts';
import type { OwnedThing, Owners } from '../teams/index.ts';
import type { Meter } from './meter.ts';

/** A condition on an operation, asked in its transaction. @throws what the caller is told */
type Guard = (input: never) => Promise<void>;

export interface PipelineParts {
  readonly identify: Identity['identify'];
  readonly authoriser: Authoriser;
  readonly owners: Owners;
  readonly audit: Audit;
  readonly meter: Meter;
  readonly database: Database<unknown>;
  /** By the operation's name. */
  readonly guards: Readonly<Record<string, Guard>>;
}

/** Refusals by a rule, wherever in the operation the rule is asked. */
const DENIALS = new Set(['PERMISSION_DENIED', 'GATE_REFUSED', 'QUOTA_EXCEEDED', 'BUDGET_EXCEEDED', 'UNAUTHENTICATED']);

/**
 * What every operation of every protocol passes: who calls, whose is the thing, may they, then the operation, its audit
 * entry, the meter. An engine on the platform's own database commits together with its audit entry; with a remote one
 * the entry `attempted` is durable before the effect and its outcome after, so that a crash between leaves a trace.
 */
export function createPipeline(parts: PipelineParts, { sharesDatabase }: { sharesDatabase: boolean }): Pipeline {
  const { identify, authoriser, owners, audit, meter, database, guards } = parts;

  async function admit(principal: Principal, { operation, name }: Call, named: NamedResource): Promise<OwnedThing> {
    const thing = await owners.find(named, principal.team);
    authoriser.authorise({ principal, action: operation.access, resource: thing, owner: thing.team, operation: name });
    return thing;
  }

  /** What the operation has made is claimed, and the entry is written. */
  async function settle(act: Act, output: unknown): Promise<void> {
    const { call, resource } = act;
    const { resource: rule, details } = call.operation;
    const created = rule.created?.(output as never);
    const renamed = rule.becomes?.(call.input as never);
    const known = { type: resource.type, id: created ?? renamed ?? resource.id };
    const isRoot = rule.parent === undefined && (created ?? renamed) !== undefined;
    if (isRoot) await owners.claim(known, resource.team);
    await audit.record({
      resource: { type: known.type, id: created ?? resource.id },
      ...(details === undefined ? {} : { details: details(call.input as never, output as never) }),
    });
  }

  async function perform<T>(act: Act, operation: () => Promise<T>): Promise<T> {
    const { name, input } = act.call;
    const { audited, effect } = act.call.operation;
    const guard = guards[name];
    const guarded = async () => {
      await guard?.(input as never);
      return operation();
    };
    if (effect === 'none' || !(audited || act.call.operation.resource.created)) return guarded();
    if (effect === 'transaction' && sharesDatabase) {
      return database.write(async () => {
        const output = await guarded();
        await settle(act, output);
        return output;
      });
    }
    if (effect === 'transaction' && audited) await audit.note(act, 'attempted');
    const output = await guarded();
    if (!act.recorded) await database.write(() => settle(act, output));
    return output;
  }

  /** A refusal or failure of something audited is itself an entry; that nothing changed in the database is not. */
  async function note(act: Act, error: PlatformError, outcome: 'denied' | 'failed'): Promise<void> {
    const { audited, effect } = act.call.operation;
    // What failed after the change was durable, and its entry with it, has changed all the same.
    if (act.recorded) return;
    const mayHaveBegun = effect === 'long' || !sharesDatabase;
    if (audited && (outcome === 'denied' || mayHaveBegun)) await audit.note(act, outcome, error.message);
  }

  return async (call, operation) => {
    const started = performance.now();
    let outcome: 'succeeded' | 'denied' | 'failed' = 'denied';
    const named = namedResource(call.operation, call.input);
    let act: Act = { principal: UNKNOWN, call, resource: { ...named, team: UNKNOWN.team }, recorded: false };
    try {
      act = { ...act, principal: await identify(call.caller) };
      act = { ...act, resource: await admit(act.principal, call, named) };
      outcome = 'failed';
      const admitted = act;
      const result = await audit.within(admitted, () => perform(admitted, operation));
      outcome = 'succeeded';
      return result;
    } catch (thrown) {
      const error = toPlatformError(thrown);
      if (DENIALS.has(error.code)) outcome = 'denied';
      await note(act, error, outcome === 'denied' ? 'denied' : 'failed');
      throw error;
    } finally {
      meter.count(act.principal.team, call.name, outcome, performance.now() - started);
    }
  };
}
