import type { Plan } from '../terraform.ts';

interface SmallResource {
  readonly type: string;
  readonly name?: string;
  readonly index?: string;
  readonly values?: Readonly<Record<string, unknown>>;
}

/** A plan of a few resources in the root module, for us-east-1 unless another region is named. */
export function smallPlan(
  resources: readonly SmallResource[],
  variables: Readonly<Record<string, unknown>> = {},
  region = 'us-east-1',
): Plan {
  const named = resources.map(({ type, name = 'this', index, values = {} }) => ({
    address: `${type}.${name}${index === undefined ? '' : `["${index}"]`}`,
    mode: 'managed' as const,
    type,
    name,
    ...(index === undefined ? {} : { index }),
    values,
  }));
  return {
    planned_values: { root_module: { resources: named } },
    variables: Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, { value }])),
    configuration: {
      provider_config: { aws: { expressions: { region: { constant_value: region } } } },
      root_module: {
        resources: named.map(({ type, name }) => ({
          address: `${type}.${name}`,
          type,
          name,
          provider_config_key: 'aws',
          expressions: {},
        })),
      },
    },
  };
}
