import type { Command } from 'commander';
import type { Context } from './context.ts';
import { printList, printOne, withProgress } from './output.ts';

interface Shown {
  readonly name: string;
  readonly status: string;
  readonly live_revision: number | null;
  readonly created_at: string;
  readonly revision: {
    readonly model_name: string;
    readonly model_version: string;
    readonly digest: string;
    readonly error: string | null;
  } | null;
  readonly endpoints: Readonly<Record<string, string>>;
}

const modelOf = ({ revision }: Shown) => (revision ? `${revision.model_name}/${revision.model_version}` : null);

/** deploy, deployments list|show|revisions|rollback|delete */
export function deploymentCommands(program: Command, context: Context): void {
  program
    .command('deploy')
    .description('deploy a registered model version, or change what a deployment serves')
    .argument('<name>', 'name of the deployment')
    .argument('<model>', 'models:/NAME@ALIAS, models:/NAME/VERSION or models:/NAME/latest')
    .option('--key-column <input>', 'an input that names the row, by which actuals can be attached')
    .option('--features <service>', 'a feature service that fills inputs which a request lacks')
    .action(async (name: string, model: string, given: { keyColumn?: string; features?: string }) => {
      const { platform } = context.connection();
      const { keyColumn, features } = given;
      const options = {
        ...(keyColumn === undefined ? {} : { key_column: keyColumn }),
        ...(features === undefined ? {} : { features }),
      };
      const body = { model, options };
      const exists = await platform
        .GET('/api/v1/deployments/{name}', { params: { path: { name } } })
        .catch(() => undefined);
      const replaces = exists?.data !== undefined && exists.data.live_revision !== null;
      const call = replaces
        ? platform.PUT('/api/v1/deployments/{name}', { params: { path: { name } }, body })
        : platform.POST('/api/v1/deployments', { body: { name, ...body } });
      const work = context.connection().data(call);
      show(await withProgress(`deploying ${model} as ${name}`, work));
    });

  const deployments = program.command('deployments').description('what is served');
  deployments
    .command('list')
    .option('--as-of <time>', 'what was live at this time (RFC 3339)')
    .action(async ({ asOf }: { asOf?: string }) => {
      const query = asOf === undefined ? {} : { as_of: asOf };
      const { platform } = context.connection();
      const { deployments: found } = await context
        .connection()
        .data(platform.GET('/api/v1/deployments', { params: { query } }));
      printList(context.output(), found as Shown[], {
        name: (item) => item.name,
        status: (item) => item.status,
        revision: (item) => item.live_revision,
        model: modelOf,
        created: (item) => item.created_at,
      });
    });
  deployments
    .command('show')
    .argument('<name>')
    .action(async (name: string) => {
      const { platform } = context.connection();
      show(
        (await context
          .connection()
          .data(platform.GET('/api/v1/deployments/{name}', { params: { path: { name } } }))) as Shown,
      );
    });
  deployments
    .command('revisions')
    .description('all revisions, newest first, also those that failed')
    .argument('<name>')
    .action(async (name: string) => {
      const { platform } = context.connection();
      const call = platform.GET('/api/v1/deployments/{name}/revisions', { params: { path: { name } } });
      const { revisions } = await context.connection().data(call);
      printList(context.output(), revisions, {
        revision: (item) => item.revision,
        status: (item) => item.status,
        model: (item) => `${item.model_name}/${item.model_version}`,
        digest: (item) => item.digest,
        created: (item) => item.created_at,
        by: (item) => item.created_by,
        error: (item) => item.error,
      });
    });
  deployments
    .command('rollback')
    .argument('<name>')
    .option('--revision <number>', 'the revision to return to; default: the one before', Number)
    .action(async (name: string, { revision }: { revision?: number }) => {
      const { platform } = context.connection();
      const body = revision === undefined ? {} : { revision };
      const call = platform.POST('/api/v1/deployments/{name}/rollback', { params: { path: { name } }, body });
      show((await withProgress(`rolling ${name} back`, context.connection().data(call))) as Shown);
    });
  deployments
    .command('delete')
    .argument('<name>')
    .action(async (name: string) => {
      const { platform } = context.connection();
      await context.connection().data(platform.DELETE('/api/v1/deployments/{name}', { params: { path: { name } } }));
      printOne(context.output(), { name, status: 'deleted' }, { deleted: name });
    });

  function show(deployment: Shown): void {
    const { revision } = deployment;
    printOne(context.output(), deployment, {
      name: deployment.name,
      status: deployment.status,
      revision: deployment.live_revision,
      model: modelOf(deployment),
      digest: revision?.digest,
      ...(revision?.error ? { error: revision.error } : {}),
      created: deployment.created_at,
      predict: `${context.connection().url}${deployment.endpoints.invocations ?? ''}`,
    });
  }
}
