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

const FOLDER = join(import.meta.dirname, '../../policies');
const SCHEMA = readFileSync(join(FOLDER, 'schema.cedarschema'), 'utf8');
/** Nobody's roles permit nothing, whatever they are called. */
const PRINCIPALS = { user: 'User', service: 'ServiceAccount', system: 'System', unknown: 'User' } as const;

/** A question to the policies. */
export interface AccessQuestion {
  readonly principal: Pick<Principal, 'type' | 'id' | 'team' | 'roles'>;
  readonly action: Access;
  readonly resource: ResourceRef;
  /** The team that the resource belongs to. */
  readonly owner: string;
  readonly operation: string;
}

/** Some policies under one name. */
export interface PolicyFile {
  readonly name: string;
  /** Where they were read; what is kept in the database has no path. */
  readonly path?: string;
  readonly text: string;
}

/** Policies that decide together. What none of them permits is forbidden. */
export class PolicySet {
  readonly #id: string;

  /**
   * @param slot under which Cedar keeps them: the set that had it before decides no more
   * @throws INVALID_PARAMETER for a policy that cannot be read or does not fit the schema, naming its file and line
   */
  constructor(slot: string, files: readonly PolicyFile[]) {
    for (const file of files) checkPolicies(file);
    this.#id = slot;
    preparsePolicySet(slot, { staticPolicies: byName(files) });
    preparseSchema(slot, SCHEMA);
  }

  isAllowed(question: AccessQuestion): boolean {
    const { decision, diagnostics } = this.#ask(question);
    // A policy that fails to evaluate is left out by Cedar; a forbid that fails must not open what it closes.
    return decision === 'allow' && diagnostics.errors.length === 0;
  }

  /** What the policies say, and which of them decided: those that permit, or those that forbid; none where none permits. */
  explain(question: AccessQuestion): { readonly allowed: boolean; readonly policies: readonly string[] } {
    const { decision, diagnostics } = this.#ask(question);
    return { allowed: decision === 'allow' && diagnostics.errors.length === 0, policies: diagnostics.reason.sort() };
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
      preparsedPolicySetId: this.#id,
      preparsedSchemaName: this.#id,
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

/** The platform's own policies. */
export const builtInPolicies = (): PolicyFile[] => policiesIn(FOLDER);

/** The policies of a folder: its files `*.cedar`. */
export function policiesIn(folder: string): PolicyFile[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.cedar'));
  return files.sort().map((file) => {
    const path = join(folder, file);
    return { name: file.slice(0, -'.cedar'.length), path, text: readFileSync(path, 'utf8') };
  });
}

/** @throws INVALID_PARAMETER for policies that cannot be read or do not fit the schema, naming the file and the line */
function checkPolicies({ name, path, text }: PolicyFile): void {
  refuseDeep(path ?? name, text);
  const policies = { staticPolicies: text };
  const parsed = checkParsePolicySet(policies);
  const found = parsed.type === 'failure' ? parsed.errors : [];
  if (found.length === 0) {
    const answer = validate({ schema: SCHEMA, policies });
    if (answer.type === 'failure') found.push(...answer.errors);
    else found.push(...answer.validationErrors.map(({ error }) => error));
  }
  if (found.length === 0) return;
  const problems = found.map(({ message, sourceLocations: [place] = [] }) =>
    place === undefined ? message : `line ${lineOf(text, place.start)}: ${message}`,
  );
  const message = `policies: ${path ?? name} is not a valid policy file: ${problems.join('; ')}`;
  throw new PlatformError('INVALID_PARAMETER', message, { field: 'policy' });
}

const LEVELS_MAX = 40;
const CONDITIONS_MAX = 100;

/** Cedar reads what is nested by recursion, and has no stack to spare: running out of it would end all decisions. */
function refuseDeep(name: string, text: string): void {
  let level = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[([{)\]}]/g)) {
    level += '([{'.includes(bracket) ? 1 : -1;
    deepest = Math.max(deepest, level);
  }
  if (deepest <= LEVELS_MAX && (text.match(/\bif\b/g) ?? []).length <= CONDITIONS_MAX) return;
  const message = `policies: ${name} is not a valid policy file: it is nested over ${LEVELS_MAX} levels, or has over ${CONDITIONS_MAX} conditions (if).`;
  throw new PlatformError('INVALID_PARAMETER', message, { field: 'policy' });
}

/** @param offset in bytes of UTF-8 */
function lineOf(text: string, offset: number): number {
  return Buffer.from(text).subarray(0, offset).toString('utf8').split('\n').length;
}

/** Policies by what people know them by: their file, and behind it their annotation `@id`. */
function byName(files: readonly PolicyFile[]): Record<string, string> {
  const named: Record<string, string> = {};
  for (const { name, text } of files) {
    const parts = policySetTextToParts(text);
    if (parts.type === 'failure') throw new Error(parts.errors.map((error) => error.message).join('; '));
    for (const policy of parts.policies) {
      const annotation = /@id\("([^"]+)"\)/.exec(policy)?.[1];
      const base = annotation === undefined ? name : `${name}/${annotation}`;
      let id = base;
      for (let n = 2; id in named; n++) id = `${base} (${n})`;
      named[id] = policy;
    }
  }
  return named;
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
