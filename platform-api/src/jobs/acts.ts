import { randomUUID } from 'node:crypto';
import type { JobsOptions } from '@mlops/jobs';
import { operation, type Pipeline } from '@mlops/operations';
import type { Metrics } from '@mlops/service';
import { Counter } from '@prometheus-io/client';
import { Type } from 'typebox';

const job = Type.Object({ name: Type.String() });

/** What the platform does by itself, as operations: never called from outside, authorised and metered as all others. */
const systemOperations = {
  runJob: operation('POST /job', {
    access: 'administer',
    effect: 'long',
    audited: false,
    resource: { type: 'job', id: ({ name }) => name },
    request: job,
    response: Type.Unknown(),
  }),
  expirePredictions: operation('POST /predictions/expire', {
    access: 'delete',
    effect: 'long',
    resource: { type: 'prediction', team: ({ team }: { team: string }) => team },
    request: Type.Object({ team: Type.String(), days: Type.Integer() }),
    response: Type.Integer(),
    details: ({ team, days }, rows) => ({ team, days, rows }),
  }),
  materialiseFeatures: operation('POST /features/materialise', {
    access: 'write',
    effect: 'long',
    resource: { type: 'feature-view', team: ({ team }: { team: string }) => team },
    request: Type.Object({ team: Type.String(), views: Type.Array(Type.String()) }),
    response: Type.Record(Type.String(), Type.Integer()),
    details: ({ team, views }, rows) => ({ team, views, rows }),
  }),
  createFirstToken: operation('POST /tokens/first', {
    access: 'administer',
    resource: { type: 'token', created: ({ id }: { id: string }) => id },
    request: Type.Object({}),
    response: Type.Object({ id: Type.String() }),
    details: () => ({ roles: ['platform-admin'] }),
  }),
};

export type SystemActs = ReturnType<typeof systemActs>;

/** Lets the platform act by itself, through its own pipeline. */
export function systemActs(pipeline: Pipeline, authorization: string) {
  const act = <T>(name: keyof typeof systemOperations, input: unknown, perform: () => Promise<T>): Promise<T> => {
    const caller = { requestId: randomUUID(), ip: '', authorization };
    return pipeline({ name, operation: systemOperations[name], input, caller }, perform);
  };
  return {
    runJob: <T>(name: string, perform: () => Promise<T>) => act('runJob', { name }, perform),
    expirePredictions: (team: string, days: number, perform: () => Promise<number>) =>
      act('expirePredictions', { team, days }, perform),
    materialiseFeatures: <T>(team: string, views: readonly string[], perform: () => Promise<T>) =>
      act('materialiseFeatures', { team, views }, perform),
    createFirstToken: (perform: () => Promise<{ id: string }>) => act('createFirstToken', {}, perform),
  };
}

/** Counts runs by how they ended. */
export function jobMetrics(registry: Metrics): NonNullable<JobsOptions['onEnd']> {
  const registers = [registry];
  const runs = new Counter({
    name: 'mlops_job_runs_total',
    help: 'Runs of jobs in this process by name and how they ended.',
    labelNames: ['job', 'status'],
    registers,
  });
  const seconds = new Counter({
    name: 'mlops_job_seconds_total',
    help: 'Time spent in jobs by name.',
    labelNames: ['job'],
    registers,
  });
  return (name, status, time) => {
    runs.inc({ job: name, status });
    seconds.inc({ job: name }, time);
  };
}
