import type { Principal, Target } from './evaluate.ts';
import { type PolicyDocument, statementsOf } from './policy.ts';

/** A resource of a state, as `terraform show -json` describes it. */
export interface StateResource {
  readonly address: string;
  readonly type: string;
  readonly index?: string | number;
  readonly values: Readonly<Record<string, unknown>>;
}

interface StateModule {
  readonly resources?: readonly StateResource[];
  readonly child_modules?: readonly StateModule[];
}

/** The resources of a state, those of nested modules included. */
export function stateResources(json: string): StateResource[] {
  const of = (module: StateModule | undefined): StateResource[] => [
    ...(module?.resources ?? []),
    ...(module?.child_modules ?? []).flatMap(of),
  ];
  return of((JSON.parse(json) as { values?: { root_module?: StateModule } }).values?.root_module);
}

const text = (resource: StateResource, name: string) => String(resource.values[name] ?? '');
const parsed = (document: string) => JSON.parse(document) as PolicyDocument;

/** All policies of applied states: of roles, with their boundaries, and of what they act on. */
export class AppliedPolicies {
  readonly #resources: readonly StateResource[];
  readonly #managed: (arn: string) => PolicyDocument;
  readonly #account: string;

  /** @param managed the document of a policy of AWS's own, by its ARN */
  constructor(resources: readonly StateResource[], account: string, managed: (arn: string) => PolicyDocument) {
    this.#resources = resources;
    this.#account = account;
    this.#managed = managed;
  }

  of(type: string): readonly StateResource[] {
    return this.#resources.filter((one) => one.type === type);
  }

  #policy(arn: string): PolicyDocument {
    const own = this.of('aws_iam_policy').find((one) => text(one, 'arn') === arn);
    return own ? parsed(text(own, 'policy')) : this.#managed(arn);
  }

  /** A role with all of its policies. @throws Error where there is none of that name */
  role(name: string): Principal {
    const role = this.of('aws_iam_role').find((one) => text(one, 'name') === name);
    if (!role) throw new Error(`there is no role ${name}`);
    const inline = this.of('aws_iam_role_policy').filter((one) => text(one, 'role') === name);
    const attached = this.of('aws_iam_role_policy_attachment').filter((one) => text(one, 'role') === name);
    const boundary = text(role, 'permissions_boundary');
    return {
      arn: text(role, 'arn'),
      account: this.#account,
      policies: [
        ...inline.map((one) => parsed(text(one, 'policy'))),
        ...attached.map((one) => this.#policy(text(one, 'policy_arn'))),
      ],
      ...(boundary !== '' && { boundary: this.#policy(boundary) }),
    };
  }

  /** Who may take a role. */
  trust(name: string): PolicyDocument {
    const role = this.of('aws_iam_role').find((one) => text(one, 'name') === name);
    return parsed(text(role as StateResource, 'assume_role_policy'));
  }

  /** A service or a service-linked role, which has no policies that anybody could write. */
  stranger(arn: string): Principal {
    return { arn, account: arn.startsWith('arn:') ? this.#account : '', policies: [] };
  }

  /** The resource's own policy: of a bucket, key, queue or topic. */
  target(arn: string): Target {
    const [bucket = ''] = arn.replace('arn:aws:s3:::', '').split('/');
    const found =
      this.of('aws_s3_bucket_policy').find((one) => text(one, 'bucket') === bucket) ??
      this.of('aws_kms_key').find((one) => text(one, 'arn') === arn) ??
      this.of('aws_sqs_queue_policy').find((one) =>
        statementsOf(parsed(text(one, 'policy'))).some(({ Resource }) => Resource === arn),
      ) ??
      this.of('aws_sns_topic_policy').find((one) => text(one, 'arn') === arn);
    return { account: this.#account, ...(found && { policy: parsed(text(found, 'policy')) }) };
  }

  /** Key ARN by domain of the modules kms at an address. */
  keys(module: string): Record<string, string> {
    const own = this.of('aws_kms_key').filter(({ address }) => address.startsWith(`${module}.`));
    return Object.fromEntries(own.map((one) => [String(one.index), text(one, 'arn')]));
  }
}
