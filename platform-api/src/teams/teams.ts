import { PlatformError } from '@mlops/errors';
import { DEFAULT_TEAM, noTeam } from '@mlops/operations';
import { Believed, type Person, type Principal, type Role } from '../access/index.ts';
import { currentAct } from '../audit/index.ts';
import type { TeamStore } from './store.ts';
import { checkTeamName, type Member, type Team } from './team.ts';

/** How long a look-up is believed: a team that is archived in one process is closed in all within this time. */
const BELIEVED_MILLISECONDS = 500;

interface TeamState {
  readonly open: boolean;
  readonly needsSecondFactor: boolean;
}

export type TeamRequest = Pick<Team, 'displayName' | 'costCenter' | 'complianceLevel' | 'size'>;

export interface TeamsParts {
  readonly store: TeamStore;
  /** What a new team needs elsewhere; in the transaction that makes it. */
  readonly furnish: (team: Team) => Promise<void>;
  /** Teams that somebody has entered in an emergency, and whose time is not over. */
  readonly emergencies: (principal: string) => Promise<readonly string[]>;
  /** Ends what somebody has signed in with that is wider than these roles of a team. */
  readonly narrow: (team: string, principal: string, roles: readonly Role[]) => Promise<void>;
}

/** The teams of the platform, and who is in them. */
export class Teams {
  readonly #parts: TeamsParts;
  readonly #believed = new Map<string, TeamState & { readonly until: number }>();
  readonly #memberships = new Believed<ReadonlyMap<string, readonly Role[]>>();

  constructor(parts: TeamsParts) {
    this.#parts = parts;
  }

  /**
   * Lets a person act for a team: the one that is asked for, or their own. A platform administrator may act for each.
   * @throws NOT_FOUND, in the same words for a team that does not exist and for one of others
   */
  async enter(person: Person, asked?: string): Promise<Principal> {
    const memberships = person.isMember ? await this.#allOf(person) : person.memberships;
    const team = asked ?? person.team ?? memberships.keys().next().value;
    if (team === undefined) {
      throw new PlatformError('PERMISSION_DENIED', `${person.id} is in no team; ask an administrator for one.`);
    }
    const isAdministrator = [...memberships.values()].some((roles) => roles.includes('platform-admin'));
    const roles = memberships.get(team) ?? (isAdministrator ? ADMINISTRATOR : undefined);
    const state = roles === undefined ? undefined : await this.#stateOf(team);
    if (!roles || !state?.open) throw noTeam(team);
    if (state.needsSecondFactor && !person.hasSecondFactor) {
      throw new PlatformError('PERMISSION_DENIED', `The team '${team}' is under HIPAA: sign in with a second factor.`);
    }
    if (state.needsSecondFactor && person.signIn?.lapsed) {
      const message = `The team '${team}' is under HIPAA, and your session was left alone for over 15 minutes: sign in again.`;
      throw new PlatformError('UNAUTHENTICATED', message);
    }
    return { type: person.type, id: person.id, team, roles, memberships, signIn: person.signIn };
  }

  /** What somebody is by their provider's groups, and by the platform's lists of members. */
  async #allOf({ id, memberships }: Person): Promise<ReadonlyMap<string, readonly Role[]>> {
    const listed = await this.#memberships.get(id, () => this.#parts.store.membershipsOf(id));
    const all = new Map(memberships);
    for (const [team, roles] of listed) all.set(team, [...new Set([...(all.get(team) ?? []), ...roles])]);
    for (const team of await this.#parts.emergencies(id))
      all.set(team, [...new Set([...(all.get(team) ?? []), ...EMERGENCY])]);
    return all;
  }

  /** Whether there is such a team, and it is not archived. */
  async isOpen(name: string): Promise<boolean> {
    return (await this.#stateOf(name)).open;
  }

  /** Those that who acts may see: their own, a platform administrator all. */
  async list(): Promise<Team[]> {
    const { principal } = currentAct();
    const all = await this.#parts.store.list();
    return isAdministrator(principal) ? all : all.filter(({ name }) => name === principal.team);
  }

  /** @throws NOT_FOUND, also for another one's */
  async existing(name: string): Promise<Team> {
    const { principal } = currentAct();
    const team = name === principal.team || isAdministrator(principal) ? await this.#parts.store.find(name) : undefined;
    if (!team) throw noTeam(name);
    return team;
  }

  /** A team that is there under the name with the same facts and owners is what was asked for. @throws ALREADY_EXISTS */
  async create(name: string, request: TeamRequest, owners: readonly string[]): Promise<Team> {
    checkTeamName(name);
    const { store, furnish } = this.#parts;
    const { principal } = currentAct();
    const team = { name, ...request, createdAt: Date.now(), createdBy: principal.id, archivedAt: null };
    return store.transaction(async () => {
      if (!(await store.add(team))) {
        const there = await store.find(name);
        const isThere = there && there.archivedAt === null && isSame(there, request);
        if (isThere && (await this.#areAdmins(name, owners))) return there;
        throw new PlatformError('ALREADY_EXISTS', `The team '${name}' exists; change it with PATCH.`, {
          field: 'name',
        });
      }
      await furnish(team);
      for (const owner of owners) await this.#setMember(team.name, owner, ['team-admin']);
      return team;
    });
  }

  /** @throws NOT_FOUND, PERMISSION_DENIED for what a team does not decide for itself */
  async change(name: string, changes: Partial<TeamRequest>): Promise<Team> {
    const { store } = this.#parts;
    const { principal } = currentAct();
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    return store.transaction(async () => {
      await store.lock(name);
      const before = await this.existing(name);
      const changed: Team = { ...before, ...given };
      const isItsOwn = changed.size === before.size && changed.complianceLevel === before.complianceLevel;
      if (!isItsOwn && !isAdministrator(principal))
        throw denied('size', 'The size and the compliance level of a team are for platform administrators to change.');
      await store.save(changed);
      this.#believed.delete(name);
      return changed;
    });
  }

  /** Closes a team: nothing of it answers any more. Until it is removed it can be restored. @throws NOT_FOUND */
  async archive(name: string, archivedAt: number | null): Promise<Team> {
    if (name === DEFAULT_TEAM)
      throw new PlatformError('INVALID_PARAMETER', "The team 'default' stays.", { field: 'name' });
    const { store } = this.#parts;
    const team = await store.transaction(async () => {
      await store.lock(name);
      const changed = { ...(await this.existing(name)), archivedAt };
      await store.save(changed);
      return changed;
    });
    this.#believed.delete(name);
    return team;
  }

  /** Roles of a member; undefined for who is none. */
  async rolesOf(name: string, principal: string): Promise<readonly Role[] | undefined> {
    return (await this.#parts.store.members(name)).find((member) => member.principal === principal)?.roles;
  }

  /** See `Membership.hold`. */
  hold(name: string): Promise<void> {
    return this.#parts.store.lock(name);
  }

  async members(name: string): Promise<Member[]> {
    return this.#parts.store.members((await this.existing(name)).name);
  }

  /** @throws NOT_FOUND, PERMISSION_DENIED */
  async setMember(name: string, principal: string, roles: readonly Role[]): Promise<Member> {
    await this.existing(name);
    return this.#parts.store.transaction(() => this.#setMember(name, principal, roles));
  }

  /** @throws NOT_FOUND, PERMISSION_DENIED */
  async removeMember(name: string, principal: string): Promise<void> {
    await this.existing(name);
    const { store, narrow } = this.#parts;
    await store.transaction(async () => {
      await store.lock(name);
      await this.#checkRoles(name, principal, []);
      if (!(await store.removeMember(name, principal))) {
        throw new PlatformError('NOT_FOUND', `The team '${name}' has no member '${principal}'.`, {
          field: 'principal',
        });
      }
      await narrow(name, principal, []);
      this.#memberships.forget(principal);
    });
  }

  async #setMember(team: string, principal: string, roles: readonly Role[]): Promise<Member> {
    const { store, narrow } = this.#parts;
    const { principal: actor } = currentAct();
    await store.lock(team);
    await this.#checkRoles(team, principal, roles);
    const member = { principal, roles, addedAt: Date.now(), addedBy: actor.id };
    await store.setMember(team, member);
    this.#memberships.forget(principal);
    await narrow(team, principal, roles);
    return member;
  }

  /**
   * What reaches beyond a team is given, and taken, by platform administrators alone.
   * @throws PERMISSION_DENIED
   */
  async #checkRoles(team: string, principal: string, roles: readonly Role[]): Promise<void> {
    if (isAdministrator(currentAct().principal)) return;
    if (roles.includes('platform-admin')) throw denied('roles', 'Only a platform administrator makes another one.');
    const before = (await this.rolesOf(team, principal)) ?? [];
    if (before.includes('platform-admin'))
      throw denied('principal', `Only a platform administrator changes another one: '${principal}' is one.`);
    const wide = roles.find((role) => team === DEFAULT_TEAM && SEE_ALL.has(role) && !before.includes(role));
    if (wide === undefined) return;
    throw denied(
      'roles',
      `In the team 'default', '${wide}' sees the audit log of all teams: a platform administrator gives it.`,
    );
  }

  async #areAdmins(team: string, principals: readonly string[]): Promise<boolean> {
    const members = await this.#parts.store.members(team);
    const admins = new Set(members.filter(({ roles }) => roles.includes('team-admin')).map((each) => each.principal));
    return principals.every((principal) => admins.has(principal));
  }

  async #stateOf(name: string): Promise<TeamState> {
    const now = Date.now();
    const believed = this.#believed.get(name);
    if (believed && believed.until > now) return believed;
    const team = await this.#parts.store.find(name);
    const open = team !== undefined && team.archivedAt === null;
    const state = { open, needsSecondFactor: team?.complianceLevel === 'hipaa' };
    // A name that does not exist is not remembered: anyone could make the list grow.
    if (team) this.#believed.set(name, { ...state, until: now + BELIEVED_MILLISECONDS });
    return state;
  }
}

const ADMINISTRATOR: readonly Role[] = ['platform-admin'];
/** What somebody is in a team that they have entered in an emergency. */
const EMERGENCY: readonly Role[] = ['ml-engineer'];
/** Who may export the chain of all teams as a member of `default`; see `policies/roles.cedar`. */
const SEE_ALL: ReadonlySet<Role> = new Set(['auditor', 'compliance']);

function denied(field: string, message: string): PlatformError {
  return new PlatformError('PERMISSION_DENIED', message, { field });
}

function isAdministrator({ roles }: Principal): boolean {
  return roles.includes('platform-admin');
}

function isSame(team: Team, request: TeamRequest): boolean {
  return Object.entries(request).every(([field, value]) => team[field as keyof TeamRequest] === value);
}
