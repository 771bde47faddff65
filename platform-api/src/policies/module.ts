import type { Database } from '@mlops/database';
import type { FastifyBaseLogger } from 'fastify';
import { servedTable } from '../api/index.ts';
import type { Module } from '../module.ts';
import { Policies, type PoliciesParts } from './policies.ts';
import { policyHandlers, policyOperations } from './routes.ts';
import { policySchema } from './schema.ts';
import { PolicyStore } from './store.ts';

export function openPolicies(
  database: Database<unknown>,
  { log, ...parts }: Omit<PoliciesParts, 'store'> & { readonly log: FastifyBaseLogger },
): Module {
  const store = new PolicyStore(database);
  const policies = new Policies({ ...parts, store });
  return {
    name: 'policies',
    schema: policySchema,
    tables: [servedTable(policyOperations, policyHandlers(policies))],
    start: () =>
      parts.authoriser.follow(store, (err) => log.error({ err }, 'policies that were set could not be taken')),
  };
}
