import { PlatformError } from '@mlops/errors';
import type { JobRunRecord, Jobs } from '@mlops/jobs';
import { Type } from 'typebox';
import { type ApiHandlers, apiOperation, listOf } from '../api/index.ts';

const text = Type.String();
const time = Type.String({ format: 'date-time' });
const nullableTime = Type.Union([time, Type.Null()]);
const nullableText = Type.Union([text, Type.Null()]);

const JobSchema = Type.Object({
  name: text,
  summary: text,
  every_seconds: Type.Number(),
  runner: Type.Unsafe<'one' | 'each'>({
    type: 'string',
    enum: ['one', 'each'],
    description: 'one: one process among all. each: every process for itself.',
  }),
  next_run: nullableTime,
  running_in: Type.Union([text, Type.Null()], { description: 'The process that runs it now.' }),
});

const JobRunSchema = Type.Object({
  id: text,
  job: text,
  process: text,
  status: Type.Unsafe<JobRunRecord['status']>({
    type: 'string',
    enum: ['running', 'succeeded', 'failed', 'cancelled', 'interrupted'],
  }),
  started_at: time,
  ended_at: nullableTime,
  message: nullableText,
  progress: Type.Union([Type.Object({ done: Type.Integer(), total: Type.Integer() }), Type.Null()]),
});

const one = { resource: { type: 'job', id: (input: { name: string }) => input.name } };
const name = Type.Object({ name: text }, { additionalProperties: false });

export const jobOperations = {
  listJobs: apiOperation('GET /api/v1/jobs', {
    summary: 'What the platform does by itself, and when next.',
    access: 'read',
    resource: { type: 'job' },
    response: listOf('jobs', JobSchema),
  }),
  listJobRuns: apiOperation('GET /api/v1/jobs/:name/runs', {
    ...one,
    summary: 'The newest runs of a job that did something or failed; a platform administrator’s.',
    access: 'read',
    request: Type.Object(
      { name: text, limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })) },
      { additionalProperties: false },
    ),
    response: listOf('runs', JobRunSchema),
  }),
  runJobNow: apiOperation('POST /api/v1/jobs/:name/runs', {
    ...one,
    summary: 'Makes a job due now; some process takes it up within seconds.',
    access: 'administer',
    status: 202,
    request: name,
    response: Type.Object({ name: text }),
  }),
  cancelJobRun: apiOperation('DELETE /api/v1/jobs/:name/runs/:run', {
    ...one,
    summary: 'Asks a run to end, wherever it runs; it does within seconds.',
    access: 'administer',
    status: 202,
    request: Type.Object({ name: text, run: text }, { additionalProperties: false }),
    response: JobRunSchema,
    details: ({ run }) => ({ run }),
  }),
};

export function jobHandlers(jobs: Jobs): ApiHandlers<typeof jobOperations> {
  const existing = (wanted: string) => {
    const found = jobs.definitions.find((definition) => definition.name === wanted);
    if (found) return found;
    const known = jobs.definitions.map((definition) => definition.name);
    throw new PlatformError('NOT_FOUND', `There is no job '${wanted}'; there are ${known.join(', ')}.`, {
      field: 'name',
    });
  };
  return {
    async listJobs() {
      const states = new Map((await jobs.states()).map((state) => [state.name, state]));
      const listed = jobs.definitions.map(({ name, summary, everySeconds, runner }) => {
        const state = states.get(name);
        return {
          name,
          summary,
          every_seconds: everySeconds,
          runner,
          next_run: state === undefined ? null : toTime(state.nextRun),
          running_in: state?.runner ?? null,
        };
      });
      return { jobs: listed, next_page_token: null };
    },
    async listJobRuns({ name, limit = 50 }) {
      existing(name);
      return { runs: (await jobs.history(name, limit)).map(view), next_page_token: null };
    },
    async runJobNow({ name }) {
      if (existing(name).runner === 'each') {
        throw new PlatformError('INVALID_STATE', `Every process runs '${name}' for itself; it cannot be made due.`);
      }
      await jobs.runNow(name);
      return { name };
    },
    async cancelJobRun({ name, run }) {
      existing(name);
      const cancelled = await jobs.cancel(run, name);
      if (!cancelled) throw new PlatformError('NOT_FOUND', `The job '${name}' has no run '${run}'.`, { field: 'run' });
      return view(cancelled);
    },
  };
}

function view(record: JobRunRecord) {
  return {
    id: record.id,
    job: record.job,
    process: record.runner,
    status: record.status,
    started_at: toTime(record.startedAt),
    ended_at: record.endedAt === null ? null : toTime(record.endedAt),
    message: record.message,
    progress: record.progress,
  };
}

function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
