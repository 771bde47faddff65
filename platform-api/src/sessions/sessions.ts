import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { PlatformError } from '@mlops/errors';
import { Believed, type Person, type Principal } from '../access/index.ts';
import type { SessionRow, SessionStore } from './store.ts';

const SECRET = /^mlopss_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;
const SESSION_MILLISECONDS = 8 * 3_600_000;
/** Left alone for so long, it is closed to regulated data (45 CFR 164.312(a)(2)(iii)). */
const IDLE_MILLISECONDS = 15 * 60_000;
const WAITING_MILLISECONDS = 10 * 60_000;
const WAITING_MAX = 1000;
const NOTED_MILLISECONDS = 60_000;
/** Without vowels, so that no word comes out, and without what looks alike. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';

/** What a session keeps of who signed in: what the platform's own lists say of them is asked anew each time. */
interface KeptPerson {
  readonly type: Person['type'];
  readonly id: string;
  readonly memberships: readonly (readonly [
    string,
    Person['memberships'] extends ReadonlyMap<string, infer R> ? R : never,
  ])[];
  readonly hasSecondFactor: boolean;
}

/** Sign-ins of people: by a browser, or by a command line that a browser has let in. */
export class Sessions {
  readonly #store: SessionStore;
  readonly #believed = new Believed<SessionRow | undefined>();

  constructor(store: SessionStore) {
    this.#store = store;
  }

  /** @param person as their provider says */
  async start({ type, id, memberships, hasSecondFactor }: Person): Promise<{ id: string; secret: string }> {
    const kept: KeptPerson = { type, id, memberships: [...memberships], hasSecondFactor };
    const { row, secret } = newSession('browser', Date.now() + SESSION_MILLISECONDS);
    await this.#store.forget(Date.now() - SESSION_MILLISECONDS);
    await this.#store.add({ ...row, person: JSON.stringify(kept), principal: id });
    return { id: row.id, secret };
  }

  /** A session that is nobody's until somebody who has signed in approves its code. @throws OVERLOADED */
  async request(): Promise<{ secret: string; userCode: string; expiresInSeconds: number }> {
    const now = Date.now();
    if ((await this.#store.countWaiting(now)) >= WAITING_MAX)
      throw new PlatformError('OVERLOADED', 'Too many command lines wait to be let in; try again later.');
    const { row, secret } = newSession('command-line', now + WAITING_MILLISECONDS);
    const letters = Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
    const userCode = `${letters.slice(0, 4)}-${letters.slice(4)}`;
    await this.#store.add({ ...row, user_code: userCode });
    return { secret, userCode, expiresInSeconds: WAITING_MILLISECONDS / 1000 };
  }

  /** Lets a command line in as who approves it, until their own session ends. @throws NOT_FOUND, INVALID_STATE */
  async approve(owner: Principal, userCode: string): Promise<SessionRow> {
    const own = owner.signIn && (await this.#store.find(owner.signIn.tokenId));
    if (!own || !isOpen(own, Date.now())) {
      const message =
        'Command lines are let in by who has signed in with a browser; with a token, use that: mlops login.';
      throw new PlatformError('INVALID_STATE', message);
    }
    const waiting = await this.#store.findWaiting(userCode.trim().toUpperCase(), Date.now());
    if (!waiting)
      throw new PlatformError('NOT_FOUND', 'No command line waits under this code (any more).', { field: 'user_code' });
    const changes = { person: own.person, principal: own.principal, expires_at: own.expires_at, user_code: null };
    await this.#store.change(waiting.id, { ...changes, seen_at: Date.now(), lapsed: own.lapsed });
    this.#believed.forget(waiting.id);
    return { ...waiting, ...changes };
  }

  /** Whether a command line was let in; `ended` for one that nobody let in in time. */
  async stateOf(secret: string): Promise<'waiting' | 'open' | 'ended'> {
    const row = await this.#rowOf(secret, false);
    if (!row || !isOpen(row, Date.now())) return 'ended';
    return row.person === null ? 'waiting' : 'open';
  }

  /** Whose a session is; `ended` for one that is over, undefined for one that never was. */
  async find(secret: string): Promise<Person | 'ended' | undefined> {
    const row = await this.#rowOf(secret, true);
    const now = Date.now();
    if (!row) return undefined;
    if (!isOpen(row, now) || row.person === null) return 'ended';
    const lapsed = row.lapsed === 1 || now - row.seen_at > IDLE_MILLISECONDS;
    if (now - row.seen_at > NOTED_MILLISECONDS) await this.#note(row, now, lapsed);
    const { type, id, memberships, hasSecondFactor } = JSON.parse(row.person) as KeptPerson;
    const holds = async () => isOpen((await this.#store.find(row.id)) ?? row, Date.now());
    // Who has signed in may make tokens that outlast the session.
    const signIn = { tokenId: row.id, expiresAt: null, lapsed, holds };
    const [team] = memberships[0] ?? [];
    return { type, id, team, memberships: new Map(memberships), isMember: true, hasSecondFactor, signIn };
  }

  /** A program may be called as a person is, and has none. */
  async list({ type, id }: Principal): Promise<SessionRow[]> {
    return type === 'user' ? this.#store.list(id, Date.now()) : [];
  }

  /** @param asked a session's id, or `current` @throws NOT_FOUND, also for another one's */
  async end(owner: Principal, asked: string): Promise<SessionRow> {
    const id = asked === 'current' ? (owner.signIn?.tokenId ?? '') : asked;
    const row = (await this.list(owner)).find((each) => each.id === id);
    if (!row) throw new PlatformError('NOT_FOUND', `You have no session '${id.slice(0, 100)}'.`, { field: 'id' });
    await this.#store.change(id, { ended_at: Date.now() });
    this.#believed.forget(id);
    return row;
  }

  async #rowOf(secret: string, believe: boolean): Promise<SessionRow | undefined> {
    const [, id] = SECRET.exec(secret) ?? [];
    if (id === undefined) return undefined;
    const look = () => this.#store.find(id);
    const row = await (believe ? this.#believed.get(id, look) : look());
    return row && timingSafeEqual(Buffer.from(row.hash, 'hex'), digest(secret)) ? row : undefined;
  }

  async #note(row: SessionRow, now: number, lapsed: boolean): Promise<void> {
    const seen = { seen_at: now, lapsed: lapsed ? 1 : 0 };
    this.#believed.set(row.id, { ...row, ...seen });
    await this.#store.change(row.id, seen);
  }
}

/** What a page of the session sends along with a change, so that no other site's page can make one. */
export function csrfToken(secret: string): string {
  return createHash('sha256').update(`csrf ${secret}`).digest('base64url');
}

function isOpen(row: SessionRow, now: number): boolean {
  return row.ended_at === null && row.expires_at > now;
}

function newSession(kind: string, expiresAt: number): { row: SessionRow; secret: string } {
  const id = randomBytes(8).toString('hex');
  const secret = `mlopss_${id}_${randomBytes(32).toString('base64url')}`;
  const now = Date.now();
  const row = { id, hash: digest(secret).toString('hex'), kind, user_code: null, person: null, principal: null };
  const times = { started_at: now, seen_at: now, lapsed: 0, expires_at: expiresAt, ended_at: null };
  return { row: { ...row, ...times }, secret };
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
