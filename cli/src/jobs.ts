import type { Command } from 'commander';
import type { Context } from './context.ts';
import { printList, printOne } from './output.ts';

/** jobs list|runs|run|cancel */
export function jobCommands(program: Command, context: Context): void {
  const jobs = program.command('jobs').description('what the platform does by itself');
  jobs.command('list').action(async () => {
    const { platform, data } = context.connection();
    const { jobs: found } = await data(platform.GET('/api/v1/jobs', {}));
    printList(context.output(), found, {
      name: (job) => job.name,
      every: (job) => `${job.every_seconds} s`,
      next: (job) => job.next_run,
      'running in': (job) => job.running_in,
      does: (job) => job.summary,
    });
  });
  jobs
    .command('runs')
    .description('the newest runs that did something or failed')
    .argument('<name>', 'name of the job')
    .option('--limit <number>', 'how many', Number, 20)
    .action(async (name: string, { limit }: { limit: number }) => {
      const { platform, data } = context.connection();
      const params = { path: { name }, query: { limit } };
      const { runs } = await data(platform.GET('/api/v1/jobs/{name}/runs', { params }));
      printList(context.output(), runs, {
        run: (run) => run.id,
        status: (run) => run.status,
        started: (run) => run.started_at,
        ended: (run) => run.ended_at,
        process: (run) => run.process,
        progress: (run) => (run.progress ? `${run.progress.done}/${run.progress.total}` : null),
        message: (run) => run.message,
      });
    });
  jobs
    .command('run')
    .description('make a job due now; some process takes it up within seconds')
    .argument('<name>', 'name of the job')
    .action(async (name: string) => {
      const { platform, data } = context.connection();
      await data(platform.POST('/api/v1/jobs/{name}/runs', { params: { path: { name } } }));
      printOne(context.output(), { name, status: 'due' }, { due: name });
    });
  jobs
    .command('cancel')
    .description('ask a run to end, wherever it runs; it does within seconds')
    .argument('<name>', 'name of the job')
    .argument('<run>', 'id of the run, as `mlops jobs runs` shows it')
    .action(async (name: string, run: string) => {
      const { platform, data } = context.connection();
      const call = platform.DELETE('/api/v1/jobs/{name}/runs/{run}', { params: { path: { name, run } } });
      const { status, ...rest } = await data(call);
      printOne(context.output(), { ...rest, status }, { job: name, run, status });
    });
}
