import type { Database } from '@mlops/database';
import { PlatformError, toPlatformError } from '@mlops/errors';
import { type Call, type NamedResource, namedResource, type Pipeline } from '@mlops/operations';
import { type Authoriser, type Identity, type Principal, UNKNOWN } from '../access/index.ts';
import type { Act, Audit } from '../audit/index.ts';
import type { Quotas } from '../quotas/index.ts';
import type { OwnedThing, Owners, Teams } from '../teams/index.ts';
import type { Meter } from './meter.ts';

/** A condition on an operation, asked in its transaction, for a team. @throws what the caller is told */
type Guard = (input: never, team: string) => Promise<void>;

export interface PipelineParts {
  readonly identify: Identity['identify'];
  /** See `Teams.enter`. */
  readonly enter: Teams['enter'];
  readonly authoriser: Authoriser;
  readonly owners: Owners;
  readonly audit: Audit;
  readonly meter: Meter;
  readonly database: Database<unknown>;
  /** See `Quotas.admit`. */
  readonly admit: Quotas['admit'];
  /** By the operation's name. */
  readonly guards: Readonly<Record<string, Guard>>;
}

/** Refusals by a rule, wherever in the operation the rule is asked. */
const DENIALS = new Set([
  'PERMISSION_DENIED',
  'GATE_REFUSED',
  'QUOTA_EXCEEDED',
  'BUDGET_EXCEEDED',
  'RATE_LIMITED',
  'UNAUTHENTICATED',
  'TOO_MANY_ATTEMPTS',
]);

/** They come by the thousand, and an entry each would cost what they were refused to save. */
const UNNOTED = new Set(['TOO_MANY_ATTEMPTS', 'RATE_LIMITED']);

/**
 * What every operation of every protocol passes: who calls, for which team, whose is the thing, may they, then the
 * operation, its audit entry, the meter. An engine on the platform's own database commits together with its audit entry; with a remote one
 * the entry `attempted` is durable before the effect and its outcome after, so that a crash between leaves a trace.
 */
export function createPipeline(parts: PipelineParts, { sharesDatabase }: { sharesDatabase: boolean }): Pipeline {
  const { identify, enter, admit, authoriser, owners, audit, meter, database, guards } = parts;

  async function authorise(principal: Principal, { operation, name }: Call, named: NamedResource): Promise<OwnedThing> {
    // Nobody is kept from raising a quota by a quota.
    if (principal.type !== 'system' && operation.access !== 'administer')
      await admit(principal.team, operation.access === 'predict' ? 'predictions-per-second' : 'requests-per-second');
    const thing = await owners.find(named, principal.team);
    // Whether there is such a thing is for its own team to know; see `answerAsUnknown`.
    const { team: owner } = principal;
    await authoriser.authorise({ principal, action: operation.access, resource: thing, owner, operation: name });
    return thing;
  }

  /** The entry of what has been done. */
  async function settle(act: Act, output: unknown): Promise<void> {
    const { call, resource } = act;
    const { resource: rule, details } = call.operation;
    await audit.record({
      resource: { type: resource.type, id: rule.created?.(output as never) ?? resource.id },
      ...(rule.team === undefined ? {} : { team: rule.team(call.input as never, output as never) }),
      ...(details === undefined ? {} : { details: details(call.input as never, output as never) }),
    });
  }

  async function perform<T>(act: Act, operation: () => Promise<T>): Promise<T> {
    const { name, input } = act.call;
    const { audited, effect } = act.call.operation;
    const guard = guards[name];
    const guarded = async () => {
      await guard?.(input as never, act.principal.team);
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
    if (audited && (effect === 'transaction' || act.call.operation.announced)) await audit.note(act, 'attempted');
    const output = await guarded();
    if (!act.recorded) await database.write(() => settle(act, output));
    return output;
  }

  /**
   * Another team's thing is answered as one that does not exist, in the engine's own words: it looks for the thing among
   * those of the caller's team, and finds none. Should it find something, that is undone and not shown.
   */
  async function answerAsUnknown(act: Act, operation: () => Promise<unknown>): Promise<never> {
    const { effect } = act.call.operation;
    const { type, id } = act.resource;
    const unknown = new PlatformError('NOT_FOUND', `There is no ${type} '${id}'.`);
    if (effect === 'long') throw unknown;
    const looked = async () => {
      await operation();
      throw unknown;
    };
    return effect === 'none' ? looked() : database.write(looked);
  }

  /** A refusal or failure of something audited is itself an entry; that nothing changed in the database is not. */
  async function note(act: Act, error: PlatformError, outcome: 'denied' | 'failed'): Promise<void> {
    const { audited, effect } = act.call.operation;
    // What failed after the change was durable, and its entry with it, has changed all the same.
    if (act.recorded || UNNOTED.has(error.code)) return;
    const mayHaveBegun = effect === 'long' || !sharesDatabase;
    // Credentials that are not valid are an entry, whatever was asked for with them.
    const isFalse = error.code === 'UNAUTHENTICATED' && act.call.caller.authorization !== undefined;
    if (isFalse || (audited && (outcome === 'denied' || mayHaveBegun))) await audit.note(act, outcome, error.message);
  }

  return async (call, operation) => {
    const started = performance.now();
    let outcome: 'succeeded' | 'denied' | 'failed' = 'denied';
    const named = namedResource(call.operation, call.input);
    let act: Act = { principal: UNKNOWN, call, resource: { ...named, team: UNKNOWN.team }, recorded: false };
    try {
      act = { ...act, principal: await enter(await identify(call.caller), call.caller.team) };
      act = { ...act, resource: await authorise(act.principal, call, named) };
      outcome = 'failed';
      const admitted = act;
      const { team } = admitted.principal;
      const performed = admitted.resource.team === team ? perform : answerAsUnknown;
      const result = await audit.within(admitted, () => performed(admitted, () => operation(team)));
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
