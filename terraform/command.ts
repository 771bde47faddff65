import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Runs Terraform to its end and returns what it printed; throws with its own message where it fails. */
export type Run = (args: readonly string[], environment?: NodeJS.ProcessEnv) => Promise<string>;

/**
 * Terraform in a folder.
 * @param temporary a folder for its configuration, gone with the caller
 * @returns `kill` ends what still runs
 */
export function terraformIn(folder: string, temporary: string): { readonly run: Run; readonly kill: () => void } {
  const variables = terraformEnvironment(temporary);
  const running = new Set<ChildProcess>();
  return {
    run: (args, more = {}) => terraform(args, folder, { ...variables, ...more }, running),
    kill: () => running.forEach(killGroup),
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
  running: Set<ChildProcess>,
): Promise<string> {
  const program = process.env['MLOPS_TOOL_TERRAFORM'] ?? 'terraform';
  // A group of its own: the provider is a process of its own, which outlives a Terraform that is killed.
  const child = spawn(program, [...args], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const untie = tie(child);
  running.add(child);
  try {
    const [code, stdout, stderr] = await Promise.all([exitCode(child), text(child.stdout), text(child.stderr)]);
    if (code !== 0) throw new Error(`terraform ${args[0]}: ${(stderr || stdout).slice(-6000)}`);
    return stdout;
  } finally {
    running.delete(child);
    untie();
  }
}

function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}

/**
 * Ends a child and its process group with this process, whether that ends by itself or by a signal.
 * @returns a function that lets the child go
 */
export function tie(child: ChildProcess): () => void {
  const signals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;
  const kill = () => killGroup(child);
  const killAndEnd = (signal: NodeJS.Signals) => {
    kill();
    process.kill(process.pid, signal);
  };
  process.once('exit', kill);
  for (const signal of signals) process.once(signal, killAndEnd);
  return () => {
    process.off('exit', kill);
    for (const signal of signals) process.off(signal, killAndEnd);
  };
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended meanwhile
  }
}
