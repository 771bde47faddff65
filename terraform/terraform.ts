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

/** Copies the modules and one environment; `overrides` is HCL that is merged over the environment's own. */
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

/** Plans an environment from nothing. Needs the AWS provider, but neither an account nor a network. */
export async function planEnvironment(source: string): Promise<Plan> {
  const copy = workingCopy(source, withoutAccount);
  try {
    await copy.run(['init', '-no-color']);
    const away = { AWS_EC2_METADATA_DISABLED: 'true', AWS_ENDPOINT_URL: '', AWS_PROFILE: '' };
    await copy.run(['plan', '-no-color', '-out=tfplan'], away);
    return JSON.parse(await copy.run(['show', '-json', 'tfplan'])) as Plan;
  } finally {
    copy.remove();
  }
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
