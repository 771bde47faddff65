import type { Command } from 'commander';
import { CommandError } from './connection.ts';
import type { Context } from './context.ts';
import { readText } from './files.ts';
import { printList } from './output.ts';

/** predict, predictions */
export function predictionCommands(program: Command, context: Context): void {
  program
    .command('predict')
    .description('ask a deployment: a body of MLflow’s scoring protocol, from a file or standard input')
    .argument('<name>', 'name of the deployment')
    .option('--file <path>', 'file with the request; - is standard input', '-')
    .action(async (name: string, { file }: { file: string }) => {
      const content = await readText(file);
      const path = `/api/v1/deployments/${encodeURIComponent(name)}/invocations`;
      const { predictions } = await context.connection().json<{ predictions: unknown }>(path, parse(content));
      context.output().write(`${JSON.stringify(predictions, null, 2)}\n`);
    });

  program
    .command('predictions')
    .description('what a deployment was asked and has answered, newest first')
    .argument('<name>', 'name of the deployment')
    .option('--limit <number>', 'how many', Number, 20)
    .option('--key <key>', 'only those of this key')
    .action(async (name: string, { limit, key }: { limit: number; key?: string }) => {
      const { platform } = context.connection();
      const query = { limit, ...(key === undefined ? {} : { key }) };
      const call = platform.GET('/api/v1/deployments/{name}/predictions', { params: { path: { name }, query } });
      const { predictions } = await context.connection().data(call);
      printList(context.output(), predictions, {
        time: (item) => item.time,
        key: (item) => item.key ?? item.id,
        revision: (item) => item.revision,
        status: (item) => item.status,
        ms: (item) => item.latency_ms,
        outputs: (item) => item.outputs,
        actual: (item) => item.actual?.value,
        error: (item) => item.error,
      });
    });
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new CommandError(
      `The request is not JSON: ${(error as Error).message}. It looks like {"dataframe_records": [{…}]}.`,
    );
  }
}
