import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type Run, terraformIn } from './command.ts';

/** A resource as `terraform show -json` describes it. */
export interface PlannedResource {
  readonly address: string;
  readonly mode: 'managed' | 'data';
  readonly type: string;
  readonly name: string;
  readonly index?: string | number;
  readonly values: Readonly<Record<string, unknown>>;
}

interface PlannedModule {
  readonly resources?: readonly PlannedResource[];
  readonly child_modules?: readonly PlannedModule[];
}

interface ChangedResource {
  readonly address: string;
  readonly type: string;
  readonly mode: 'managed' | 'data';
  readonly change: {
    readonly actions: readonly string[];
    readonly before: Readonly<Record<string, unknown>> | null;
    readonly after: Readonly<Record<string, unknown>> | null;
  };
}

/** What of a plan's JSON form is read here: https://developer.hashicorp.com/terraform/internals/json-format */
export interface Plan {
  readonly planned_values: { readonly root_module: PlannedModule };
  readonly resource_changes?: readonly ChangedResource[];
  readonly variables?: Readonly<Record<string, { readonly value: unknown }>>;
  readonly configuration: unknown;
}

/** All managed resources of a plan, those of nested modules included. */
export function resources(plan: Plan): PlannedResource[] {
  const of = (module: PlannedModule): PlannedResource[] => [
    ...(module.resources ?? []),
    ...(module.child_modules ?? []).flatMap(of),
  ];
  return of(plan.planned_values.root_module).filter(({ mode }) => mode === 'managed');
}

/** A folder of configuration in a place of its own, where it may be initialised and overridden. */
export interface WorkingCopy {
  readonly folder: string;
  readonly run: Run;
  /** Ends what still runs here and deletes the copy. */
  readonly remove: () => void;
}

/** Whether a file belongs to the sources, an environment's lock of its provider included: not what Terraform leaves beside it. */
export function isSource(path: string): boolean {
  if (path.endsWith('.terraform.lock.hcl')) return /[/\\]environments[/\\][^/\\]+[/\\][^/\\]+$/.test(path);
  return !/[/\\](\.terraform|node_modules|terraform\.tfstate[^/\\]*)$/.test(path);
}

/** Copies the modules and one root; `overrides` is HCL that is merged over the environment's own. */
export function workingCopy(source: string, overrides = ''): WorkingCopy {
  const base = mkdtempSync(join(tmpdir(), 'mlops-terraform-'));
  const environment = resolve(source);
  const folder = join(base, 'environments', basename(environment));
  mkdirSync(join(base, 'environments'));
  cpSync(environment, folder, { recursive: true, filter: isSource });
  const modules = resolve(environment, '../../modules');
  if (existsSync(modules)) cpSync(modules, join(base, 'modules'), { recursive: true, filter: isSource });
  if (overrides) writeFileSync(join(folder, 'working_copy_override.tf'), overrides);
  const { run, kill } = terraformIn(folder, base);
  const remove = () => {
    kill();
    rmSync(base, { recursive: true, force: true, maxRetries: 5 });
  };
  return { folder, run, remove };
}

const providerBlock = (alias: string) => `provider "aws" {${alias && `\n  alias = "${alias}"`}
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  allowed_account_ids         = null
}
`;

/** HCL that lets an environment be planned without an account: no remote state, no question to AWS. */
const withoutAccount = `terraform {\n  backend "local" {}\n}\n${providerBlock('')}${providerBlock('secondary')}`;

/** Plans one root from nothing. Needs the AWS provider, but neither an account nor a network. */
async function planRoot(source: string, ...settings: readonly string[]): Promise<Plan> {
  const copy = workingCopy(source, withoutAccount);
  try {
    await copy.run(['init', '-no-color']);
    const away = { AWS_EC2_METADATA_DISABLED: 'true', AWS_ENDPOINT_URL: '', AWS_PROFILE: '' };
    await copy.run(['plan', '-no-color', '-out=tfplan', ...settings], away);
    return JSON.parse(await copy.run(['show', '-json', 'tfplan'])) as Plan;
  } finally {
    copy.remove();
  }
}

/**
 * Plans an environment from nothing, together with what its account has once (environments/account): two states, one plan to look
 * at. An environment without an account's settings beside it is planned alone.
 */
export async function planEnvironment(source: string): Promise<Plan> {
  const environment = await planRoot(source);
  const settings = `${basename(resolve(source))}.tfvars`;
  const account = resolve(source, '../account');
  if (!existsSync(join(account, settings))) return environment;
  return together(await planRoot(account, `-var-file=${settings}`), environment);
}

interface Loose {
  readonly planned_values: Plan['planned_values'];
  readonly resource_changes?: Plan['resource_changes'];
  readonly variables?: Plan['variables'];
  readonly prior_state?: { readonly values?: { readonly root_module?: PlannedModule } };
  readonly configuration: {
    readonly provider_config?: object;
    readonly root_module?: { readonly module_calls?: object };
  };
}

/** Plans of several roots as one. Their modules' names must differ; where roots share a variable, the last one's value counts. */
export function together(...plans: readonly Plan[]): Plan {
  const all = plans as readonly Loose[];
  const modules = (of: (plan: Loose) => PlannedModule | undefined): PlannedModule => ({
    resources: all.flatMap((plan) => of(plan)?.resources ?? []),
    child_modules: all.flatMap((plan) => of(plan)?.child_modules ?? []),
  });
  const joined = (of: (plan: Loose) => object | undefined): object => Object.assign({}, ...all.map(of)) as object;
  const plan: Loose = {
    ...(all.at(-1) as Loose), // versions, by which other programs know a plan
    planned_values: { root_module: modules(({ planned_values: values }) => values.root_module) },
    resource_changes: all.flatMap(({ resource_changes: changes = [] }) => changes),
    variables: joined(({ variables }) => variables) as NonNullable<Plan['variables']>,
    prior_state: { values: { root_module: modules(({ prior_state: state }) => state?.values?.root_module) } },
    configuration: {
      provider_config: joined(({ configuration }) => configuration.provider_config),
      root_module: { module_calls: joined(({ configuration }) => configuration.root_module?.module_calls) },
    },
  };
  return plan as Plan;
}

/** Whether Terraform can be started and gets the AWS provider, from a mirror or from the registry. */
export async function hasProvider(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'mlops-provider-'));
  const block =
    'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws", version = ">= 5.100.0, < 7.0.0" }\n  }\n}\n';
  writeFileSync(join(folder, 'main.tf'), block);
  const copy = workingCopy(folder);
  try {
    await copy.run(['init', '-no-color']);
    return true;
  } catch {
    return false;
  } finally {
    copy.remove();
    rmSync(folder, { recursive: true });
  }
}
