import type { Plan, PlannedResource } from './terraform.ts';

/** An argument as a plan's configuration has it: a constant, or the names that it is computed from. */
interface Expression {
  readonly constant_value?: unknown;
  readonly references?: readonly string[];
}

type Argument = Expression | readonly Arguments[];
type Arguments = { readonly [name: string]: Argument };

interface ConfiguredResource {
  readonly address: string;
  readonly provider_config_key: string;
  readonly expressions?: Arguments;
  readonly for_each_expression?: Expression;
}

interface ConfiguredModule {
  readonly resources?: readonly ConfiguredResource[];
  readonly outputs?: Readonly<Record<string, { readonly expression: Expression }>>;
  readonly module_calls?: Readonly<
    Record<string, { readonly expressions?: Arguments; readonly module: ConfiguredModule }>
  >;
}

interface Configuration {
  readonly provider_config: Readonly<Record<string, { readonly expressions?: Arguments }>>;
  readonly root_module: ConfiguredModule;
}

const configurationOf = (plan: Plan) => plan.configuration as Configuration;

/** The names of the modules in an address: `module.a["x"].module.b.t.n` lies in a, b. */
export function modulePath(address: string): string[] {
  return [...address.matchAll(/(?:^|\.)module\.([\w-]+)(?:\[[^\]]*\])?(?=\.)/g)].map(([, name]) => name ?? '');
}

function moduleAt(plan: Plan, path: readonly string[]): ConfiguredModule | undefined {
  let module: ConfiguredModule | undefined = configurationOf(plan).root_module;
  for (const name of path) module = module?.module_calls?.[name]?.module;
  return module;
}

function configured(plan: Plan, { address, type, name }: PlannedResource): ConfiguredResource | undefined {
  return moduleAt(plan, modulePath(address))?.resources?.find((one) => one.address === `${type}.${name}`);
}

/** A resource's argument, in nested blocks by a dotted path: `vpc_config.subnet_ids`. Undefined where it is not set. */
export function argument(plan: Plan, resource: PlannedResource, path: string): Expression | undefined {
  let found: Argument | undefined = configured(plan, resource)?.expressions;
  for (const name of path.split('.')) {
    const block: unknown = Array.isArray(found) ? found[0] : found;
    found = (block as Arguments | undefined)?.[name];
  }
  return found as Expression | undefined;
}

/**
 * Follows an argument through variables, outputs of modules and `each` to the resources that it reads: their addresses without
 * indices. Objects are followed as a whole, and a local value, whose expression a plan does not show, as if it read all
 * that its module is given. So the answer may hold more than the argument really reads, never less.
 */
export function origin(plan: Plan, resource: PlannedResource, path: string): ReadonlySet<string> {
  const resources = new Set<string>();
  const seen = new Set<string>();
  const own = configured(plan, resource);
  const follow = (references: readonly string[] = [], modules: readonly string[], each?: Expression): void => {
    for (const reference of references) {
      const key = `${modules.join('.')}:${reference}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const [kind = '', name = '', output = ''] = reference.replaceAll(/\[.*?\]/g, '').split('.');
      const inside = moduleAt(plan, modules);
      if (kind === 'local') {
        const inputs = moduleAt(plan, modules.slice(0, -1))?.module_calls?.[modules.at(-1) ?? '']?.expressions ?? {};
        for (const input of Object.values(inputs)) follow((input as Expression).references, modules.slice(0, -1));
      } else if (kind === 'each') follow(each?.references, modules);
      else if (kind === 'var') {
        const call = moduleAt(plan, modules.slice(0, -1))?.module_calls?.[modules.at(-1) ?? ''];
        if (modules.length > 0) follow((call?.expressions?.[name] as Expression)?.references, modules.slice(0, -1));
      } else if (kind === 'module') {
        if (output)
          follow(inside?.module_calls?.[name]?.module.outputs?.[output]?.expression.references, [...modules, name]);
      } else if (inside?.resources?.some(({ address }) => address === `${kind}.${name}`))
        resources.add([...modules.flatMap((one) => ['module', one]), kind, name].join('.'));
    }
  };
  follow(referencesIn(argument(plan, resource, path)), modulePath(resource.address), own?.for_each_expression);
  return resources;
}

/** All names that an argument reads; of blocks, those of every argument in them. */
function referencesIn(found: unknown): readonly string[] {
  if (typeof found !== 'object' || found === null) return [];
  if (Array.isArray(found)) return found.flatMap(referencesIn);
  const { references } = found as Expression;
  return references ?? Object.values(found).flatMap(referencesIn);
}

/** The region of the provider that makes a resource; undefined where it is known only to the one who applies the plan. */
export function regionOf(plan: Plan, resource: PlannedResource): string | undefined {
  const { provider_config: providers } = configurationOf(plan);
  const region = providers[configured(plan, resource)?.provider_config_key ?? '']?.expressions?.['region'] as
    | Expression
    | undefined;
  const variable = region?.references?.find((one) => one.startsWith('var.'))?.slice('var.'.length);
  const value = variable === undefined ? region?.constant_value : plan.variables?.[variable]?.value;
  return typeof value === 'string' ? value : undefined;
}
