import { Type } from 'typebox';
import { type ApiHandlers, apiOperation, listOf, pageQuery } from '../api/index.ts';
import { currentAct } from '../audit/index.ts';
import type { BreakGlass } from './break-glass.ts';
import type { BreakGlassRow } from './store.ts';

const text = Type.String();
const time = Type.String({ format: 'date-time' });
const nullable = (type: typeof text) => Type.Union([type, Type.Null()]);
const closed = { additionalProperties: false };
const EmergencyAccess = Type.Object({
  id: text,
  team: text,
  principal: text,
  own_team: text,
  reason: text,
  started_at: time,
  ends_at: time,
  reviewed_at: nullable(time),
  reviewed_by: nullable(text),
  review: nullable(text),
});
const id = { id: Type.String({ maxLength: 100 }) };
const one = {
  resource: {
    type: 'break-glass',
    id: (input: { id: string }) => input.id,
    team: (_input: unknown, { team }: { team: string }) => team,
  },
};

export const breakGlassOperations = {
  listBreakGlass: apiOperation('GET /api/v1/break-glass', {
    summary: 'Emergency accesses that concern the team; the review list with unreviewed=true.',
    access: 'read',
    resource: { type: 'break-glass' },
    request: Type.Object({ limit: pageQuery.limit, unreviewed: Type.Optional(Type.Boolean()) }, closed),
    response: listOf('accesses', EmergencyAccess),
  }),
  openBreakGlass: apiOperation('POST /api/v1/break-glass', {
    summary:
      'Enters another team in an emergency, as an ml-engineer, for a time. Both sides are told, and it is reviewed.',
    access: 'administer',
    resource: {
      type: 'break-glass',
      created: ({ id: made }: { id: string }) => made,
      team: (_input: unknown, { team }: { team: string }) => team,
    },
    status: 201,
    request: Type.Object(
      {
        team: Type.String({ maxLength: 100 }),
        reason: Type.String({ minLength: 10, maxLength: 1000, description: 'What is on fire.' }),
        minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 240, default: 60 })),
      },
      closed,
    ),
    response: EmergencyAccess,
    details: ({ reason }, { principal, own_team, ends_at }) => ({ reason, principal, own_team, ends_at }),
  }),
  endBreakGlass: apiOperation('DELETE /api/v1/break-glass/:id', {
    ...one,
    summary: 'Ends an emergency access before its time.',
    access: 'administer',
    request: Type.Object(id, closed),
    response: EmergencyAccess,
    details: (_input, { principal }) => ({ principal }),
  }),
  reviewBreakGlass: apiOperation('POST /api/v1/break-glass/:id/review', {
    ...one,
    summary: 'Says what the team that was entered thinks of it: then it is off the review list.',
    access: 'administer',
    request: Type.Object({ ...id, review: Type.String({ minLength: 1, maxLength: 2000 }) }, closed),
    response: EmergencyAccess,
    details: ({ review }, { principal }) => ({ principal, review }),
  }),
};

export function breakGlassHandlers(breakGlass: BreakGlass): ApiHandlers<typeof breakGlassOperations> {
  const me = () => currentAct().principal;
  return {
    listBreakGlass: async ({ limit = 100, unreviewed = false }) => ({
      accesses: (await breakGlass.list(me(), { unreviewed }, limit)).map(view),
      next_page_token: null,
    }),
    openBreakGlass: async ({ team, reason, minutes = 60 }) => view(await breakGlass.open(me(), team, reason, minutes)),
    endBreakGlass: async ({ id: asked }) => view(await breakGlass.end(me(), asked)),
    reviewBreakGlass: async ({ id: asked, review }) => view(await breakGlass.review(me(), asked, review)),
  };
}

/** As people read it, and as it is told. */
export function view({ started_at, ends_at, reviewed_at, ...rest }: BreakGlassRow) {
  const at = (milliseconds: number) => new Date(milliseconds).toISOString();
  const times = { started_at: at(started_at), ends_at: at(ends_at) };
  return { ...rest, ...times, reviewed_at: reviewed_at === null ? null : at(reviewed_at) };
}
