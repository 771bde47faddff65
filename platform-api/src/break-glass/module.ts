import type { Database } from '@mlops/database';
import type { FastifyBaseLogger } from 'fastify';
import { servedTable } from '../api/index.ts';
import type { Module } from '../module.ts';
import { BreakGlass, type BreakGlassParts } from './break-glass.ts';
import { breakGlassHandlers, breakGlassOperations, view } from './operations.ts';
import { breakGlassSchema } from './schema.ts';
import { BreakGlassStore } from './store.ts';

const NOTIFY_MILLISECONDS = 10_000;
const ATTEMPTS = 3;

export interface BreakGlassModuleParts {
  readonly isTeam: BreakGlassParts['isTeam'];
  readonly log: FastifyBaseLogger;
  /** Where both sides are told, besides the log. */
  readonly webhook: string | undefined;
}

export function openBreakGlass(database: Database<unknown>, { isTeam, log, webhook }: BreakGlassModuleParts) {
  const telling = new Set<Promise<void>>();
  const notify: BreakGlassParts['notify'] = (event, row) => {
    const told = { event: `break-glass.${event}`, ...view(row) };
    log.warn(told, `emergency access to the team ${row.team}: ${event}`);
    if (webhook === undefined) return;
    const sent = send(webhook, told).catch((err: unknown) =>
      log.error({ err }, 'an emergency access could not be told'),
    );
    telling.add(sent);
    void sent.finally(() => telling.delete(sent));
  };
  const breakGlass = new BreakGlass({ store: new BreakGlassStore(database), isTeam, notify });
  return {
    name: 'break-glass',
    teamsOf: (principal: string) => breakGlass.teamsOf(principal),
    schema: breakGlassSchema,
    tables: [servedTable(breakGlassOperations, breakGlassHandlers(breakGlass))],
    async close() {
      await Promise.all(telling);
    },
  } satisfies Module & Record<string, unknown>;
}

async function send(url: string, told: object): Promise<void> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(told) };
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(NOTIFY_MILLISECONDS) });
      if (answer.ok) return;
      throw new Error(`the webhook answered ${answer.status}`);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}
