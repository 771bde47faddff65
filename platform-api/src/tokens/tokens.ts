import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { PlatformError } from '@mlops/errors';
import { DEFAULT_TEAM } from '@mlops/operations';
import { Believed, inOneTeam, type Person, type Principal, type Role } from '../access/index.ts';
import { currentAct } from '../audit/index.ts';
import type { Token, TokenStore } from './store.ts';

/** `mlops_<id>_<secret>`: the prefix lets scanners find one that has leaked. */
const TOKEN = /^mlops_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;
/** The last use is noted this often: a write for each request would cost more than the request. */
const NOTED_MILLISECONDS = 60_000;

/** What somebody asks for. */
export interface TokenRequest {
  readonly name: string;
  readonly team?: string | undefined;
  /** Default: all roles of who asks. */
  readonly roles?: readonly Role[] | undefined;
  /** A program of this name has the token, not the person who asks. */
  readonly serviceAccount?: string | undefined;
  /** This member of the team has it: how somebody gets in for the first time. */
  readonly member?: string | undefined;
  readonly expiresInSeconds?: number | undefined;
}

/** What is asked about teams. */
export interface Membership {
  /** @throws NOT_FOUND for a team that does not exist, or that who acts may not see */
  existing(team: string): Promise<unknown>;
  /** In a transaction: nobody else changes who is in the team, nor makes tokens for it, until it ends. */
  hold(team: string): Promise<void>;
  /** In a transaction: one more token for a team. @throws QUOTA_EXCEEDED */
  reserveToken(team: string): Promise<void>;
  /** Teams that somebody has entered in an emergency. */
  emergencies(principal: string): Promise<readonly string[]>;
  /** Roles of a member; undefined for who is none. */
  rolesOf(team: string, principal: string): Promise<readonly Role[] | undefined>;
}

export class Tokens {
  readonly #store: TokenStore;
  readonly #teams: Membership;
  readonly #believed = new Believed<Token | undefined>();

  constructor(store: TokenStore, teams: Membership) {
    this.#store = store;
    this.#teams = teams;
  }

  /**
   * Makes a token that is narrower than its owner, never wider, and does not outlive the one that is used for it.
   * Joins the surrounding transaction.
   * @throws PERMISSION_DENIED naming what is too wide, NOT_FOUND for a team or a member that there is not
   * @throws UNAUTHENTICATED where the token in use has ended, though a look-up of it is still believed
   */
  async create(owner: Principal, request: TokenRequest): Promise<{ token: Token; secret: string }> {
    const { team = owner.team, serviceAccount, member, expiresInSeconds } = request;
    const mayAll = owner.roles.includes('platform-admin');
    if (!mayAll && team !== owner.team) throw tooWide('team', `the team '${team}', which is not yours`);
    await this.#teams.existing(team);
    if (owner.type === 'user' && (await this.#teams.emergencies(owner.id)).includes(team))
      throw tooWide('team', `a token for '${team}', where you are by an emergency: it would outlast that`);
    await this.#teams.hold(team);
    await this.#checkSignIn(owner);
    await this.#teams.reserveToken(team);
    const forOthers = serviceAccount ?? member;
    if (forOthers !== undefined && !mayAll && !owner.roles.includes('team-admin')) {
      const field = serviceAccount === undefined ? 'member' : 'service_account';
      throw tooWide(field, 'a token for somebody else, which team-admins make');
    }
    const most = member === undefined ? owner.roles : await this.#memberRoles(team, member);
    const { roles = most } = request;
    const isBound = member !== undefined || !mayAll;
    const wider = roles.find((role) => isBound && !most.includes(role));
    if (wider !== undefined) {
      const whose = member === undefined ? 'which you do not have' : `which '${member}' does not have`;
      throw tooWide('roles', `the role '${wider}', ${whose}`);
    }
    const now = Date.now();
    const { id, secret, hash } = newSecret();
    const token: Token = {
      id,
      hash,
      name: request.name,
      principalType:
        serviceAccount === undefined && (member !== undefined || owner.type !== 'service') ? 'user' : 'service',
      principal: serviceAccount ?? member ?? owner.id,
      team,
      roles,
      createdBy: owner.id,
      createdAt: now,
      expiresAt: endOf(owner, expiresInSeconds === undefined ? null : now + expiresInSeconds * 1000),
      revokedAt: null,
      lastUsedAt: null,
    };
    await this.#store.add(token);
    return { token, secret };
  }

  /** Whose a token is; `ended` for one that has expired or was revoked, undefined for one that never was. */
  async find(text: string): Promise<Person | 'ended' | undefined> {
    const [, id, secret] = TOKEN.exec(text) ?? [];
    if (id === undefined || secret === undefined) return undefined;
    const token = await this.#believed.get(id, () => this.#store.find(id));
    const now = Date.now();
    if (!token || !timingSafeEqual(Buffer.from(token.hash, 'hex'), digest(secret))) return undefined;
    if (token.revokedAt !== null || (token.expiresAt ?? Infinity) <= now) return 'ended';
    if (now - (token.lastUsedAt ?? 0) > NOTED_MILLISECONDS) await this.#noteUse(token, now);
    const person = inOneTeam(token.principalType, token.principal, token.team, token.roles);
    const holds = async () => (await this.#store.find(token.id))?.revokedAt === null;
    return { ...person, signIn: { tokenId: token.id, expiresAt: token.expiresAt, holds } };
  }

  /**
   * Ends the tokens of a member of a team that are wider than these roles. Joins the surrounding transaction.
   * @throws PERMISSION_DENIED where one is a platform administrator's, for everybody else
   */
  async narrow(team: string, principal: string, roles: readonly Role[]): Promise<void> {
    const now = Date.now();
    for (const token of await this.#store.list(team, { type: 'user', id: principal })) {
      const isWider = token.roles.some((role) => !roles.includes(role)) || roles.length === 0;
      if (token.revokedAt !== null || !isWider) continue;
      checkMayEnd(currentAct().principal, token);
      await this.#store.revoke(token.id, now);
      this.#believed.forget(token.id);
    }
  }

  async #memberRoles(team: string, member: string): Promise<readonly Role[]> {
    const roles = await this.#teams.rolesOf(team, member);
    if (roles) return roles;
    throw new PlatformError('NOT_FOUND', `The team '${team}' has no member '${member}'.`, { field: 'member' });
  }

  /** A token that was revoked elsewhere a moment ago makes no further one. */
  async #checkSignIn({ signIn }: Principal): Promise<void> {
    if (!signIn) return;
    if (!(await signIn.holds())) throw new PlatformError('UNAUTHENTICATED', 'The token is not valid (any more).');
  }

  /** A person's own tokens; all of the team for who administers it. */
  list(owner: Principal): Promise<Token[]> {
    const all = owner.roles.includes('team-admin') || owner.roles.includes('platform-admin');
    return this.#store.list(owner.team, all ? undefined : owner);
  }

  /** @throws NOT_FOUND, also for another's; PERMISSION_DENIED for a platform administrator's */
  async revoke(owner: Principal, id: string): Promise<Token> {
    const token = (await this.list(owner)).find((each) => each.id === id);
    if (!token) throw new PlatformError('NOT_FOUND', `You have no token '${id.slice(0, 100)}'.`, { field: 'id' });
    if (token.principal !== owner.id || token.principalType !== owner.type) checkMayEnd(owner, token);
    const revokedAt = token.revokedAt ?? Date.now();
    await this.#store.revoke(id, revokedAt);
    this.#believed.forget(id);
    return { ...token, revokedAt };
  }

  /** Whether nobody could administer the platform. */
  async lackAdministrator(): Promise<boolean> {
    return !(await this.#store.hasAdministrator(Date.now()));
  }

  /** The first administrator's token; two processes that start at once make one each. */
  async createFirst(): Promise<{ id: string; secret: string }> {
    const roles = ['platform-admin'] as const;
    const owner = { type: 'user', id: 'admin', team: DEFAULT_TEAM, roles, memberships: new Map() } as const;
    const { token, secret } = await this.create(owner, { name: 'first administrator' });
    return { id: token.id, secret };
  }

  async #noteUse(token: Token, now: number): Promise<void> {
    this.#believed.set(token.id, { ...token, lastUsedAt: now });
    await this.#store.used(token.id, now);
  }
}

/** Who administers one team must not put out those who administer all. @throws PERMISSION_DENIED */
function checkMayEnd({ roles }: Principal, token: Token): void {
  if (!token.roles.includes('platform-admin') || roles.includes('platform-admin')) return;
  const what = `The token '${token.id}' is a platform administrator's: only one of them ends it.`;
  throw new PlatformError('PERMISSION_DENIED', what, { field: 'id' });
}

/** When a token ends: at the latest with the one it is made with. @throws PERMISSION_DENIED where more was asked for */
function endOf({ signIn }: Principal, asked: number | null): number | null {
  const most = signIn?.expiresAt ?? null;
  if (most === null) return asked;
  if (asked !== null && asked > most) throw tooWide('expires_in', 'an end later than that of the token in use');
  return asked ?? most;
}

function newSecret(): { id: string; secret: string; hash: string } {
  const id = randomBytes(8).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  return { id, secret: `mlops_${id}_${secret}`, hash: digest(secret).toString('hex') };
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function tooWide(field: string, what: string): PlatformError {
  return new PlatformError('PERMISSION_DENIED', `A token cannot be wider than its owner: you asked for ${what}.`, {
    field,
  });
}
