import type { SettingsOf } from '@mlops/configuration';
import type { Database } from '@mlops/database';
import type { Pipeline } from '@mlops/operations';
import type { TrackingEngine } from '@mlops/tracking';
import type { FastifyBaseLogger } from 'fastify';
import { OpenIdTokens, openIdentity, readIssuers } from './access/index.ts';
import { openBreakGlass } from './break-glass/index.ts';
import type { Quotas } from './quotas/index.ts';
import { csrfToken, openSessions } from './sessions/index.ts';
import { Owners, openTeams } from './teams/index.ts';
import { openTokens } from './tokens/index.ts';

export interface PeopleParts {
  readonly database: Database<unknown>;
  readonly settings: SettingsOf<'platform'>;
  readonly tracking: TrackingEngine;
  readonly quotas: Quotas;
  readonly log: FastifyBaseLogger;
  /** Signing in is an act as well. */
  readonly pipeline: () => Pipeline;
}

/** Who people are, in which teams, and how they get in. */
export function openPeople({ database, settings, tracking, quotas, log, pipeline }: PeopleParts) {
  const owners = new Owners({ workspaceOf: (thing) => tracking.workspaceOf(thing) });
  const teams = openTeams(database, {
    async furnish({ name, size }) {
      await quotas.provide(name, size);
      await tracking.addWorkspace(name);
    },
    narrow: (team, principal, roles) => tokens.tokens.narrow(team, principal, roles),
    emergencies: (principal) => breakGlass.teamsOf(principal),
  });
  const breakGlass = openBreakGlass(database, {
    isTeam: (name) => teams.teams.isOpen(name),
    log,
    webhook: settings['break-glass-webhook'],
  });
  const tokens = openTokens(database, {
    owners,
    teams: {
      existing: (team) => teams.teams.existing(team),
      rolesOf: (team, principal) => teams.teams.rolesOf(team, principal),
      hold: (team) => teams.teams.hold(team),
      emergencies: (principal) => breakGlass.teamsOf(principal),
      reserveToken: (team) => quotas.reserve(team, 'tokens'),
    },
  });
  quotas.measure('tokens', tokens.count);
  const issuers = settings['oidc-issuers'] === undefined ? [] : readIssuers(settings['oidc-issuers']);
  const openId = new OpenIdTokens(issuers);
  const sessions = openSessions(database, { issuers, openId, pipeline });
  const { identify, systemToken } = openIdentity(settings.identity, {
    findToken: async (token) => (await tokens.find(token)) ?? (await sessions.find(token)) ?? openId.find(token),
    findSession: sessions.find,
    csrfToken,
  });
  return {
    owners,
    teams,
    tokens,
    sessions,
    breakGlass,
    identify,
    enter: teams.teams.enter.bind(teams.teams),
    systemToken,
    close: () => openId.close(),
  };
}
