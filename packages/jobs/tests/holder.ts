// A process that holds the lease of a job, and writes under it when it is told to.
import { once } from 'node:events';
import { openPostgres } from '@mlops/database';
import { Jobs } from '../src/index.ts';

const database = openPostgres<unknown>(process.argv[2] ?? '');
const jobs = new Jobs({
  database,
  runner: 'holder',
  lease: 600,
  poll: 20,
  definitions: [
    {
      name: 'contested',
      summary: 'waits, then writes',
      everySeconds: 60,
      runner: 'one',
      run: async (run) => {
        process.stdout.write('running\n');
        await once(process.stdin, 'data');
        await run.fenced(async () => {}).catch((error: Error) => process.stdout.write(`${error.name}\n`));
        return 'wrote';
      },
    },
  ],
});
await jobs.start();
