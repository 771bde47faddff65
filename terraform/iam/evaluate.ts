import { filled, hold, like } from './conditions.ts';
import { type Context, listOf, type PolicyDocument, type Statement, statementsOf } from './policy.ts';

/** Who asks. */
export interface Principal {
  /** ARN of the role; of an AWS service that asks by itself, its name (cloudtrail.amazonaws.com). */
  readonly arn: string;
  readonly account: string;
  readonly policies: readonly PolicyDocument[];
  readonly boundary?: PolicyDocument;
}

/** What is asked. */
export interface Request {
  readonly action: string;
  /** ARN, or `*` for a call that names none. */
  readonly resource: string;
  readonly context?: Context;
}

/** A grant of KMS: https://docs.aws.amazon.com/kms/latest/developerguide/grants.html */
interface Grant {
  readonly grantee: string;
  readonly key: string;
  /** Without the service's prefix: Decrypt. */
  readonly operations: readonly string[];
  /** Pairs that the request's encryption context must contain. */
  readonly encryptionContext?: Readonly<Record<string, string>>;
}

/** The policy of the resource that is asked for, and what else may speak for the one who asks. */
export interface Target {
  readonly account: string;
  readonly policy?: PolicyDocument;
  readonly grants?: readonly Grant[];
}

/** Why; `allowed` where the request is. */
export type Decision =
  | { readonly allowed: true; readonly by: 'identity' | 'resource' | 'key policy' | 'grant' }
  | { readonly allowed: false; readonly by: 'explicit deny' | 'boundary' | 'nobody' };

/** Whether a key is asked for; `kms:CreateKey` and its like name none, and are IAM's alone. */
const isKms = ({ action, resource }: Request) => action.toLowerCase().startsWith('kms:') && resource !== '*';

function mentions(texts: readonly string[], value: string, context: Context, ignoreCase: boolean): boolean {
  return texts.some((one) => {
    const text = filled(one, context);
    if (text === undefined) return false;
    return ignoreCase ? like(text.toLowerCase(), value.toLowerCase()) : like(text, value);
  });
}

/** Whether a statement speaks of the request; whose it is, the caller knows. */
function speaksOf(statement: Statement, request: Request, context: Context): boolean {
  const { Action, NotAction, Resource, NotResource, Condition } = statement;
  const actionFits = NotAction
    ? !mentions(listOf(NotAction), request.action, context, true)
    : mentions(listOf(Action), request.action, context, true);
  // A statement of a role's trust names no resource.
  const resourceFits = NotResource
    ? !mentions(listOf(NotResource), request.resource, context, false)
    : Resource === undefined || mentions(listOf(Resource), request.resource, context, false);
  return actionFits && resourceFits && hold(Condition ?? {}, context);
}

/** How a statement of a resource's policy names the one who asks: by itself, by its account, or not at all. */
function namedAs({ Principal: named }: Statement, who: Principal): 'itself' | 'account' | undefined {
  if (named === '*') return 'itself';
  const all = Object.values(named ?? {}).flatMap((one) => listOf(one));
  if (all.includes('*') || all.includes(who.arn)) return 'itself';
  const account = all.some((one) => one === who.account || one === `arn:aws:iam::${who.account}:root`);
  return account && who.arn.startsWith('arn:') ? 'account' : undefined;
}

/**
 * Decides a request as AWS does within one account: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 * A key of KMS is asked first: unless its policy names the one who asks, or leaves the decision to the account's IAM, or a grant
 * does, IAM's policies count for nothing (https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html).
 */
export function decide(who: Principal, request: Request, target: Target): Decision {
  const context: Context = {
    'aws:PrincipalArn': who.arn,
    'aws:PrincipalAccount': who.account,
    'aws:ResourceAccount': target.account,
    'aws:SecureTransport': 'true',
    ...request.context,
  };
  const fits = (document: PolicyDocument, effect: Statement['Effect']) =>
    statementsOf(document).filter((one) => one.Effect === effect && speaksOf(one, request, context));
  const atResource = (effect: Statement['Effect']) =>
    (target.policy ? fits(target.policy, effect) : []).map((one) => namedAs(one, who));

  const refused = [...who.policies, ...(who.boundary ? [who.boundary] : [])].some(
    (one) => fits(one, 'Deny').length > 0,
  );
  if (refused || atResource('Deny').some((named) => named !== undefined))
    return { allowed: false, by: 'explicit deny' };

  const withinBoundary = !who.boundary || fits(who.boundary, 'Allow').length > 0;
  const byIdentity = who.policies.some((one) => fits(one, 'Allow').length > 0);
  const byResource = atResource('Allow');
  // a grant is for its grantee whatever IAM says
  if (isKms(request) && (target.grants ?? []).some((grant) => granted(grant, who, request)))
    return { allowed: true, by: 'grant' };
  // what names a role by its ARN is limited by the role's boundary
  if (byResource.includes('itself'))
    return withinBoundary
      ? { allowed: true, by: isKms(request) ? 'key policy' : 'resource' }
      : { allowed: false, by: 'boundary' };
  const left = !isKms(request) || byResource.includes('account');
  if (!left || !byIdentity) return { allowed: false, by: 'nobody' };
  return withinBoundary ? { allowed: true, by: 'identity' } : { allowed: false, by: 'boundary' };
}

function granted(grant: Grant, who: Principal, { action, resource, context = {} }: Request): boolean {
  return (
    grant.grantee === who.arn &&
    grant.key === resource &&
    grant.operations.some((operation) => `kms:${operation}` === action) &&
    Object.entries(grant.encryptionContext ?? {}).every(
      ([key, value]) => listOf(context[`kms:EncryptionContext:${key}`])[0] === value,
    )
  );
}
