import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '@mlops/child-process';

/** Longer than any plan or test takes. */
const TIMEOUT_MS = 3_600_000;

/** Runs Terraform to its end and returns what it printed; throws with its own message where it fails. */
export type Run = (args: readonly string[], environment?: NodeJS.ProcessEnv) => Promise<string>;

/**
 * Terraform in a folder.
 * @param temporary a folder for its configuration, gone with the caller
 * @returns `kill` ends what still runs
 */
export function terraformIn(folder: string, temporary: string): { readonly run: Run; readonly kill: () => void } {
  const variables = terraformEnvironment(temporary);
  const killing = new AbortController();
  return {
    run: (args, more = {}) => terraform(args, folder, { ...variables, ...more }, killing.signal),
    kill: () => killing.abort(),
  };
}

/**
 * Terraform's environment. TF_PLUGIN_MIRROR names a folder of providers (a filesystem mirror); without it Terraform's own
 * configuration and the registry decide. A TF_CLI_CONFIG_FILE that names no file would make Terraform warn in its output.
 */
function terraformEnvironment(folder: string): NodeJS.ProcessEnv {
  const mirror = process.env['TF_PLUGIN_MIRROR'];
  const configured = process.env['TF_CLI_CONFIG_FILE'];
  const environment = {
    ...process.env,
    TF_DATA_DIR: undefined,
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    CHECKPOINT_DISABLE: '1',
  };
  if (!mirror && (configured === undefined || existsSync(configured))) return environment;
  const file = join(folder, 'terraform.rc');
  const installation = `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`;
  writeFileSync(file, mirror ? installation : '');
  return { ...environment, TF_CLI_CONFIG_FILE: file };
}

async function terraform(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string> {
  const program = process.env['MLOPS_TOOL_TERRAFORM'] ?? 'terraform';
  // A group of its own: the provider is a process of its own, which outlives a Terraform that is killed.
  const { code, stdout, stderr } = await run(program, args, { cwd, env, signal, group: true, timeout: TIMEOUT_MS });
  if (code !== 0) throw new Error(`terraform ${args[0]}: ${(stderr || stdout).slice(-6000)}`);
  return stdout;
}
