import { argument, origin } from '../configuration.ts';
import { type Plan, type PlannedResource, resources } from '../terraform.ts';

type Block = Readonly<Record<string, unknown>>;

/** A statement of an `aws_iam_policy_document`. What is known only after the apply is null. */
export interface Statement {
  readonly sid: string | null;
  readonly effect: string | null;
  readonly actions: readonly string[] | null;
  readonly resources: readonly (string | null)[] | null;
  readonly principals: readonly { readonly type: string; readonly identifiers: readonly string[] }[];
  readonly condition: readonly {
    readonly test: string;
    readonly variable: string;
    readonly values: readonly string[];
  }[];
}

interface StateModule {
  readonly resources?: readonly { readonly address: string; readonly type: string; readonly values: Block }[];
  readonly child_modules?: readonly StateModule[];
}

/** A plan, as policies ask it. */
export class PlanView {
  readonly plan: Plan;
  readonly all: readonly PlannedResource[];
  /** Policy documents by address. */
  readonly documents: ReadonlyMap<string, readonly Statement[]>;
  readonly #unknown: ReadonlyMap<string, Block>;

  constructor(plan: Plan) {
    this.plan = plan;
    // a resource of which nothing is known before the apply has no values in the plan
    this.all = resources(plan).map((one) => ({ ...one, values: (one.values as Block | undefined) ?? {} }));
    this.documents = documentsOf(plan);
    this.#unknown = new Map(
      (plan.resource_changes ?? []).map((one) => [
        one.address,
        (one.change as { after_unknown?: Block }).after_unknown ?? {},
      ]),
    );
  }

  /** The value of a variable of the environment. */
  variable(name: string): unknown {
    return this.plan.variables?.[name]?.value;
  }

  of(...types: string[]): PlannedResource[] {
    return this.all.filter(({ type }) => types.includes(type));
  }

  /** Whether an argument is a key of ours. Before the apply its ARN is not known; then it counts where the value comes from. */
  hasOwnKey(resource: PlannedResource, path: string): boolean {
    const value = at(resource.values, path);
    if (typeof value === 'string' && value !== '') return !value.includes('alias/aws/');
    if (!this.#isUnknown(resource, path)) return false;
    return [...origin(this.plan, resource, path)].some((address) => address.split('.').at(-2) === 'aws_kms_key');
  }

  /** Whether an argument is set at all, even if to something that is known only after the apply. */
  isSet(resource: PlannedResource, path: string): boolean {
    if ((at(resource.values, path) ?? undefined) !== undefined) return true;
    return this.#isUnknown(resource, path) && argument(this.plan, resource, path) !== undefined;
  }

  /** Whether a value is known only after the apply, be it written or made by AWS. */
  #isUnknown({ address }: PlannedResource, path: string): boolean {
    const unknown = this.#unknown.get(address);
    return unknown !== undefined && at(unknown, path) === true;
  }

  /** Whether an argument's value comes from this resource. */
  comesFrom(resource: PlannedResource, path: string, source: PlannedResource): boolean {
    return origin(this.plan, resource, path).has(source.address.replaceAll(/\[[^\]]*\]/g, ''));
  }

  /** The resource of another type that belongs to this one: in the same module, of the same name, under the same key. */
  companion(resource: PlannedResource, type: string): PlannedResource | undefined {
    const plain = (address: string) => address.replace(/\[0\]$/, '');
    const wanted = plain(resource.address.replace(`${resource.type}.`, `${type}.`));
    return this.all.find(({ address }) => plain(address) === wanted);
  }

  /** The statements of a resource's policy, which is a document of its module. Empty where there is none. */
  statements(resource: PlannedResource): readonly Statement[] {
    const module = resource.address.slice(0, resource.address.lastIndexOf(`${resource.type}.`));
    const key = /\[[^\]]*\]$/.exec(resource.address)?.[0] ?? '';
    for (const reference of argument(this.plan, resource, 'policy')?.references ?? []) {
      const name = /^data\.aws_iam_policy_document\.[\w-]+/.exec(reference)?.[0];
      const found = this.documents.get(`${module}${name}${key}`) ?? this.documents.get(`${module}${name}`);
      if (found) return found;
    }
    return [];
  }
}

/** A value in nested blocks: of each list, the first. */
export function at(values: Block, path: string): unknown {
  return path.split('.').reduce<unknown>((found, name) => (first(found) as Block | null | undefined)?.[name], values);
}

const first = (value: unknown): unknown => (Array.isArray(value) ? (value as unknown[])[0] : value);

/** Documents that could be read while planning are in the prior state, the others among the changes. */
function documentsOf(plan: Plan): Map<string, readonly Statement[]> {
  const found = new Map<string, readonly Statement[]>();
  const add = ({ address, type }: { address: string; type: string }, values: Block | null) => {
    if (type === 'aws_iam_policy_document') found.set(address, (values?.['statement'] ?? []) as readonly Statement[]);
  };
  const read = (module: StateModule | undefined): void => {
    for (const one of module?.resources ?? []) add(one, one.values);
    for (const child of module?.child_modules ?? []) read(child);
  };
  read((plan as { prior_state?: { values?: { root_module?: StateModule } } }).prior_state?.values?.root_module);
  for (const one of plan.resource_changes ?? []) add(one, one.change.after);
  return found;
}
