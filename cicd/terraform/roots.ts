import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Environment, environments } from '../../kubernetes/manifests.ts';
import { settingsOf } from '../../kubernetes/settings.ts';
import { type Plan, type Run, terraformIn } from '../../terraform/index.ts';
import { stateBucket } from '../preflight/account.ts';

/** One state: an environment's (`dev`), or that of what its account has once (`account/dev`). */
export interface Root {
  readonly name: string;
  readonly environment: Environment;
  readonly folder: string;
  /** Arguments of Terraform that name the settings. */
  readonly settings: readonly string[];
  /** File of the saved plan, and of the same plan as JSON. */
  readonly planFile: string;
  readonly jsonFile: string;
}

const folders = join(import.meta.dirname, '../../terraform/environments');

/** The root of a name; undefined for what is none. */
export function rootOf(name: string): Root | undefined {
  const [, account, part] = /^(account\/)?(\w+)$/.exec(name) ?? [];
  const environment = environments.find((one) => one === part);
  if (!environment) return undefined;
  return {
    name,
    environment,
    folder: join(folders, account ? 'account' : environment),
    settings: account ? [`-var-file=${environment}.tfvars`] : [],
    planFile: `${environment}.tfplan`,
    jsonFile: `${environment}.tfplan.json`,
  };
}

/** Terraform in a root whose state is that of its account. TF_DATA_DIR is a folder for each root's own. */
export async function initialised({ environment, folder, name: root }: Root): Promise<Run> {
  const { name, account_id: account } = await settingsOf(environment);
  const { run } = terraformIn(folder, mkdtempSync(join(tmpdir(), 'mlops-cicd-')));
  const data = process.env['TF_DATA_DIR'];
  const own = data === undefined ? {} : { TF_DATA_DIR: join(data, root.replace('/', '-')) };
  // The folder of the accounts' root serves several states.
  await run(['init', '-no-color', '-reconfigure', `-backend-config=bucket=${stateBucket(name, account)}`], own);
  return (args) => run(args, own);
}

/** The saved plan of a root. @throws Error where it has not been planned */
export function savedPlan({ folder, jsonFile, name }: Root): Plan {
  const file = join(folder, jsonFile);
  if (!existsSync(file)) throw new Error(`there is no plan of ${name}: node cicd/terraform.ts plan ${name}`);
  return JSON.parse(readFileSync(file, 'utf8')) as Plan;
}
