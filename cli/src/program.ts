import { Command } from 'commander';
import cli from '../package.json' with { type: 'json' };
import { accessCommands } from './access.ts';
import { actualsCommands } from './actuals.ts';
import { aliasCommands } from './aliases.ts';
import { auditCommands } from './audit.ts';
import { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { tokenFor } from './credentials.ts';
import { deploymentCommands } from './deployments.ts';
import { featureCommands } from './features.ts';
import { jobCommands } from './jobs.ts';
import { modelCommands } from './models.ts';
import { platformCommands } from './platform.ts';
import { policyCommands } from './policies.ts';
import { predictionCommands } from './predictions.ts';
import { quotaCommands } from './quotas.ts';
import { settingsCommands } from './settings.ts';
import { teamCommands } from './teams.ts';

const DEFAULT_URL = 'http://127.0.0.1:8080';

/** The `mlops` command. `write` receives what it prints, `warn` what belongs on standard error. @throws CommandError from parseAsync */
export function createProgram(
  env: Readonly<Record<string, string | undefined>>,
  write: (text: string) => void,
  warn: (text: string) => void,
): Command {
  const program = new Command('mlops')
    .description('The MLOps platform from the command line.')
    .version(cli.version)
    .option('--url <url>', `address of the platform (default: MLOPS_URL or ${DEFAULT_URL})`)
    .option('--team <team>', 'the team to act for (default: MLOPS_TEAM, or your own)')
    .option('--json', 'print JSON')
    .enablePositionalOptions(false)
    .showHelpAfterError('(mlops --help shows the commands)');
  const options = () => program.opts<{ url?: string; team?: string; json?: boolean }>();
  const context: Context = {
    connection() {
      const url = (options().url ?? env.MLOPS_URL ?? DEFAULT_URL).replace(/\/+$/, '');
      return new Connection(url, { token: tokenFor(env, url), team: options().team ?? env.MLOPS_TEAM });
    },
    output: () => ({ json: options().json ?? false, write, warn }),
  };
  accessCommands(program, context, env);
  platformCommands(program, context);
  modelCommands(program, context);
  aliasCommands(program, context);
  deploymentCommands(program, context);
  predictionCommands(program, context);
  actualsCommands(program, context);
  featureCommands(program, context);
  jobCommands(program, context);
  policyCommands(program, context);
  quotaCommands(program, context);
  teamCommands(program, context);
  settingsCommands(program, context);
  auditCommands(program, context);
  return program;
}
