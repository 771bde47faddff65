import type { Command } from 'commander';
import type { Context } from './context.ts';
import { printList, printOne } from './output.ts';

const ALIAS = '/api/2.0/mlflow/registered-models/alias';

/** aliases list|set|delete, by MLflow's REST interface */
export function aliasCommands(program: Command, context: Context): void {
  const aliases = program.command('aliases').description('names that move from version to version of a model');
  aliases
    .command('list')
    .argument('<model>')
    .action(async (model: string) => {
      const { registered_model: found } = await context.connection().json<{
        registered_model: { aliases?: { alias: string; version: string }[] };
      }>(`/api/2.0/mlflow/registered-models/get?${new URLSearchParams({ name: model })}`);
      printList(context.output(), found.aliases ?? [], {
        alias: (each) => each.alias,
        version: (each) => each.version,
      });
    });
  aliases
    .command('set')
    .description('point an alias at a version; deployments follow when they are deployed anew')
    .argument('<model>')
    .argument('<alias>')
    .argument('<version>')
    .action(async (model: string, alias: string, version: string) => {
      await context.connection().json(ALIAS, { name: model, alias, version });
      printOne(context.output(), { model, alias, version }, { model, alias, version });
    });
  aliases
    .command('delete')
    .argument('<model>')
    .argument('<alias>')
    .action(async (model: string, alias: string) => {
      await context.connection().json(ALIAS, { name: model, alias }, 'DELETE');
      printOne(context.output(), { model, alias, status: 'deleted' }, { deleted: `${model}@${alias}` });
    });
}
