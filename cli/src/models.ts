import type { Command } from 'commander';
import type { Context } from './context.ts';
import { printList, printOne } from './output.ts';

interface Version {
  readonly version: string;
  readonly status: string;
  readonly run_id?: string;
  readonly creation_timestamp: number;
  readonly aliases?: readonly string[];
}
interface Model {
  readonly name: string;
  readonly description?: string;
  readonly last_updated_timestamp: number;
  readonly latest_versions?: readonly Version[];
  readonly aliases?: readonly { alias: string; version: string }[];
}

const PAGE = 1000;

/** models list|show */
export function modelCommands(program: Command, context: Context): void {
  const models = program.command('models').description('registered models');
  models.command('list').action(async () => {
    const found = await context
      .connection()
      .json<{ registered_models?: Model[] }>(`/api/2.0/mlflow/registered-models/search?max_results=${PAGE}`);
    printList(context.output(), found.registered_models ?? [], {
      name: (model) => model.name,
      versions: (model) => model.latest_versions?.at(-1)?.version,
      aliases: aliasesOf,
      updated: (model) => new Date(model.last_updated_timestamp).toISOString(),
    });
  });
  models
    .command('show')
    .argument('<name>')
    .action(async (name: string) => {
      const connection = context.connection();
      const { registered_model: model } = await connection.json<{ registered_model: Model }>(
        `/api/2.0/mlflow/registered-models/get?${new URLSearchParams({ name })}`,
      );
      const filter = new URLSearchParams({ filter: `name = '${name.replaceAll("'", '')}'`, max_results: String(PAGE) });
      const { model_versions: versions = [] } = await connection.json<{ model_versions?: Version[] }>(
        `/api/2.0/mlflow/model-versions/search?${filter}`,
      );
      if (context.output().json) {
        printOne(context.output(), { ...model, versions }, {});
        return;
      }
      printOne(context.output(), model, {
        name: model.name,
        description: model.description,
        aliases: aliasesOf(model),
      });
      printList(context.output(), versions, {
        version: (each) => each.version,
        status: (each) => each.status,
        aliases: (each) => each.aliases?.join(', '),
        run: (each) => each.run_id,
        created: (each) => new Date(each.creation_timestamp).toISOString(),
      });
    });
}

function aliasesOf(model: Model): string {
  return (model.aliases ?? []).map(({ alias, version }) => `@${alias}=${version}`).join(', ');
}
