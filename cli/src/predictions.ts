import type { Command } from 'commander';
import { CommandError } from './connection.ts';
import type { Context } from './context.ts';
import { readText } from './files.ts';
import { printList, printOne } from './output.ts';

/** predict, predictions, predictions retention */
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

  const predictions = program
    .command('predictions')
    .description('what a deployment was asked and has answered, newest first')
    .helpCommand(false)
    .argument('<name>', 'name of the deployment')
    .option('--limit <number>', 'how many', Number, 20)
    .option('--key <key>', 'only those of this key')
    .action(async (name: string, { limit, key }: { limit: number; key?: string }) => {
      const { platform } = context.connection();
      const query = { limit, ...(key === undefined ? {} : { key }) };
      const call = platform.GET('/api/v1/deployments/{name}/predictions', { params: { path: { name }, query } });
      const { predictions: found, unreadable_segments: unreadable } = await context.connection().data(call);
      printList(context.output(), found, {
        time: (item) => item.time,
        key: (item) => item.key ?? item.id,
        revision: (item) => item.revision,
        status: (item) => item.status,
        ms: (item) => item.latency_ms,
        outputs: (item) => item.outputs,
        actual: (item) => item.actual?.value,
        error: (item) => item.error,
      });
      if (unreadable !== undefined) {
        const files = unreadable.join(', ');
        context.output().warn(`mlops: What these files of the log hold is missing, they cannot be read: ${files}.\n`);
      }
    });
  predictions
    .command('retention')
    .description('how many days the team keeps its predictions; sets it where days are given')
    .argument('[days]', 'a whole number')
    .action(async (days: string | undefined) => {
      if (days !== undefined && !/^\d+$/.test(days)) {
        throw new CommandError(`The days are a whole number, not '${days}'.`);
      }
      const { platform, data } = context.connection();
      const path = '/api/v1/prediction-retention';
      const call = days === undefined ? platform.GET(path, {}) : platform.PUT(path, { body: { days: Number(days) } });
      const retention = await data(call);
      printOne(context.output(), retention, retention);
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
