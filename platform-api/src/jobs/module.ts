import { hostname } from 'node:os';
import type { Database } from '@mlops/database';
import { type JobDefinition, Jobs, jobSchema } from '@mlops/jobs';
import type { Metrics } from '@mlops/service';
import type { FastifyBaseLogger } from 'fastify';
import { servedTable } from '../api/index.ts';
import type { Module } from '../module.ts';
import { jobMetrics, type SystemActs } from './acts.ts';
import { jobHandlers, jobOperations } from './routes.ts';

export interface JobsModuleParts {
  readonly database: Database<unknown>;
  readonly definitions: readonly JobDefinition[];
  readonly acts: SystemActs;
  readonly metrics: Metrics;
  readonly log: FastifyBaseLogger;
}

/** The last module: it runs what the others give. */
export function openJobs({ database, definitions, acts, metrics, log }: JobsModuleParts): Module {
  const count = jobMetrics(metrics);
  const jobs = new Jobs({
    database,
    definitions,
    runner: `${hostname()}-${process.pid}-${crypto.randomUUID().slice(0, 8)}`,
    within: (name, run) => acts.runJob(name, run),
    onError: (err) => log.warn({ err }, 'jobs cannot be followed for now'),
    onEnd(job, status, seconds, err) {
      count(job, status, seconds);
      if (err !== undefined && status === 'failed') log.error({ job, err }, 'a job failed');
    },
  });
  const schema = Object.fromEntries(Object.entries(jobSchema).map(([, step]) => ['0009_jobs', step]));
  return {
    name: 'jobs',
    schema,
    tables: [servedTable(jobOperations, jobHandlers(jobs))],
    start: () => jobs.start(),
    close: () => jobs.close(),
  };
}
