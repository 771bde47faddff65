import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkParsePolicySet,
  policySetTextToParts,
  preparsePolicySet,
  preparseSchema,
  type StatefulAuthorizationCall,
  statefulIsAuthorized,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs';
import { PlatformError } from '@mlops/errors';
import type { Access, ResourceRef } from '@mlops/operations';
import type { Principal } from './principal.ts';

const BUILT_IN = join(import.meta.dirname, '../../policies');
const DECISIONS_KEPT = 10_000;
/** Nobody's roles permit nothing, whatever they are called. */
const PRINCIPALS = { user: 'User', service: 'ServiceAccount', system: 'System', unknown: 'User' } as const;

/** A question to the policies. */
export interface AccessQuestion {
  readonly principal: Principal;
  readonly action: Access;
  readonly resource: ResourceRef;
  /** The team that the resource belongs to. */
  readonly owner: string;
  readonly operation: string;
}

/** Decides by Cedar policies: the built-in ones and those of a folder. What no policy permits is forbidden. */
export class Authoriser {
  readonly #policySet: string;
  /** The annotation `@id` of each policy that has one, by Cedar's own id. */
  readonly #names: ReadonlyMap<string, string>;
  /** Policies are fixed for a process, so a decision stays true; asking Cedar anew costs a prediction's whole budget. */
  readonly #decided = new Map<string, boolean>();

  /** @throws INVALID_PARAMETER for a policy that cannot be read or does not fit the schema, naming its file */
  constructor(folder?: string) {
    const schema = readFileSync(join(BUILT_IN, 'schema.cedarschema'), 'utf8');
    const policies = [...policyFiles(BUILT_IN), ...(folder === undefined ? [] : policyFiles(folder))];
    for (const path of policies) checkFile(path, schema);
    this.#policySet = crypto.randomUUID();
    const text = policies.map((path) => readFileSync(path, 'utf8')).join('\n');
    preparsePolicySet(this.#policySet, { staticPolicies: text });
    this.#names = namesOf(text);
    preparseSchema(this.#policySet, schema);
  }

  /** @throws PERMISSION_DENIED */
  authorise(question: AccessQuestion): void {
    const { principal, action, resource, owner, operation } = question;
    const key = `${principal.type}\n${principal.id}\n${principal.team}\n${principal.roles.join(',')}\n${owner}\n${action}\n${resource.type}\n${resource.id}\n${operation}`;
    let allowed = this.#decided.get(key);
    if (allowed === undefined) {
      allowed = this.#decide(question);
      if (this.#decided.size >= DECISIONS_KEPT) this.#decided.clear();
      this.#decided.set(key, allowed);
    }
    if (!allowed) {
      throw new PlatformError(
        'PERMISSION_DENIED',
        `${principal.id} of team ${principal.team} may not ${action} the ${resource.type} '${resource.id}' (${operation}).`,
      );
    }
  }

  /** What the policies say, and which of them decided: those that permit, or those that forbid; none where none permits. */
  explain(question: AccessQuestion): { readonly allowed: boolean; readonly policies: readonly string[] } {
    const { decision, diagnostics } = this.#ask(question);
    const names = diagnostics.reason.map((id) => this.#names.get(id) ?? id);
    return { allowed: decision === 'allow' && diagnostics.errors.length === 0, policies: names.sort() };
  }

  #decide(question: AccessQuestion): boolean {
    const { decision, diagnostics } = this.#ask(question);
    // A policy that fails to evaluate is left out by Cedar; a forbid that fails must not open what it closes.
    return decision === 'allow' && diagnostics.errors.length === 0;
  }

  #ask({ principal, action, resource, owner, operation }: AccessQuestion) {
    const user = { type: PRINCIPALS[principal.type], id: principal.id };
    const team = { type: 'Team', id: principal.team };
    const target = { type: entityType(resource.type), id: resource.id };
    const call: StatefulAuthorizationCall = {
      principal: user,
      action: { type: 'Action', id: action },
      resource: target,
      context: { operation },
      preparsedPolicySetId: this.#policySet,
      preparsedSchemaName: this.#policySet,
      entities: [
        { uid: user, attrs: { roles: [...principal.roles] }, parents: [team] },
        { uid: team, attrs: {}, parents: [] },
        {
          uid: target,
          attrs: { team: { __entity: { type: 'Team', id: owner } }, ...attributes(resource) },
          parents: [],
        },
      ],
    };
    const answer = statefulIsAuthorized(call);
    if (answer.type === 'failure') {
      const internal = answer.errors.map((error) => error.message).join('; ');
      throw new PlatformError('INTERNAL', 'The access policies could not be evaluated.', { internal });
    }
    return answer.response;
  }
}

/** Cedar numbers the policies of a text; people know them by their annotation. */
function namesOf(text: string): Map<string, string> {
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure') return new Map();
  const named = parts.policies.map((policy, i) => [`policy${i}`, /@id\("([^"]+)"\)/.exec(policy)?.[1]] as const);
  return new Map(named.flatMap(([id, name]) => (name === undefined ? [] : [[id, name] as const])));
}

function policyFiles(folder: string): string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.cedar'));
  return files.sort().map((name) => join(folder, name));
}

function checkFile(path: string, schema: string): void {
  const policies = { staticPolicies: readFileSync(path, 'utf8') };
  const parsed = checkParsePolicySet(policies);
  const problems = parsed.type === 'failure' ? parsed.errors.map((error) => error.message) : [];
  if (problems.length === 0) {
    const answer = validate({ schema, policies });
    if (answer.type === 'failure') problems.push(...answer.errors.map((error) => error.message));
    else problems.push(...answer.validationErrors.map(({ error }) => error.message));
  }
  if (problems.length > 0) {
    throw new PlatformError(
      'INVALID_PARAMETER',
      `policies: ${path} is not a valid policy file: ${problems.join('; ')}`,
    );
  }
}

/** What policies can ask of a thing besides its id and its team. */
function attributes({ type, id }: ResourceRef): Record<string, string> {
  return type === 'registered-model-alias' ? { alias: id.slice(id.lastIndexOf('@') + 1) } : {};
}

/** `registered-model` is the entity type RegisteredModel. A team as a thing is not the team that people are in. */
function entityType(resourceType: string): string {
  if (resourceType === 'team') return 'TeamRecord';
  return resourceType.replace(/(^|-)(\w)/g, (_match, _dash, letter: string) => letter.toUpperCase());
}
