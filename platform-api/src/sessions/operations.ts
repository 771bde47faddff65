import { Type } from 'typebox';
import { type ApiHandlers, apiOperation, listOf } from '../api/index.ts';
import { currentAct } from '../audit/index.ts';
import type { Sessions } from './sessions.ts';
import type { SessionRow } from './store.ts';

const text = Type.String();
const time = Type.String({ format: 'date-time' });
const Session = Type.Object({ id: text, kind: text, started_at: time, seen_at: time, expires_at: time });
const closed = { additionalProperties: false };

export const sessionOperations = {
  listSessions: apiOperation('GET /api/v1/sessions', {
    summary: 'Where one is signed in.',
    access: 'read',
    resource: { type: 'token' },
    response: listOf('sessions', Session),
  }),
  endSession: apiOperation('DELETE /api/v1/sessions/:id', {
    summary: 'Signs out, in every process within a second.',
    access: 'delete',
    resource: { type: 'token' },
    request: Type.Object({ id: text }, closed),
    response: Session,
    details: ({ id }, { kind }) => ({ session: id, kind }),
  }),
  approveCommandLine: apiOperation('POST /api/v1/sessions/approve', {
    summary: 'Lets in a command line that shows this code, as oneself, until one’s own session ends.',
    access: 'write',
    resource: { type: 'token' },
    request: Type.Object({ user_code: Type.String({ maxLength: 20 }) }, closed),
    response: Session,
    details: (_input, { id }) => ({ session: id }),
  }),
};

export function sessionHandlers(sessions: Sessions): ApiHandlers<typeof sessionOperations> {
  const me = () => currentAct().principal;
  return {
    listSessions: async () => ({ sessions: (await sessions.list(me())).map(view), next_page_token: null }),
    endSession: async ({ id }) => view(await sessions.end(me(), id)),
    approveCommandLine: async ({ user_code }) => view(await sessions.approve(me(), user_code)),
  };
}

function view({ id, kind, started_at, seen_at, expires_at }: SessionRow) {
  const at = (milliseconds: number) => new Date(milliseconds).toISOString();
  return { id, kind, started_at: at(started_at), seen_at: at(seen_at), expires_at: at(expires_at) };
}
