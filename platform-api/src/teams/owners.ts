import { COLLECTION, type NamedResource, type ResourceRef } from '@mlops/operations';
import { DEFAULT_TEAM } from '../access/index.ts';
import type { OwnerStore } from './store.ts';

/** A thing under its own id, with the team that it belongs to. */
export interface OwnedThing extends ResourceRef {
  readonly team: string;
}

/** The team of a thing that its own module keeps; undefined for what does not exist. */
type TeamFinder = (id: string) => Promise<string | undefined> | string | undefined;

export interface OwnersParts {
  readonly store: OwnerStore;
  /** The thing that carries the owner of another; see `TrackingEngine.rootOf`. */
  readonly rootOf: (thing: NamedResource) => Promise<ResourceRef | undefined>;
}

/** Types of things that lie in another one for ever: which one is asked once. */
const FIXED_PARENT = new Set(['run', 'logged-model']);
const ROOTLESS = new Set(['experiment', 'run', 'logged-model', 'artifact']);
const REMEMBERED_MAX = 50_000;

/**
 * Whose a thing is: the one place that knows. Roots (experiments, registered models) are claimed when they are made, all
 * else belongs to the team of what it lies in. What nobody has claimed belongs to the team `default`: what was there
 * before there were teams, and what a server behind the platform has of its own.
 */
export class Owners {
  readonly #parts: OwnersParts;
  readonly #finders = new Map<string, TeamFinder>();
  /** Teams of things that lie in the same root for ever, whose owner never changes: asked at every metric of a run. */
  readonly #fixed = new Map<string, string>();

  constructor(parts: OwnersParts) {
    this.#parts = parts;
  }

  /** From now on `find` says whose a thing of the type is. */
  keep(type: string, find: TeamFinder): void {
    this.#finders.set(type, find);
  }

  /** The thing that a request names, and whose it is; what lies nowhere yet belongs to the team that asks. */
  async find(named: NamedResource, asking: string): Promise<OwnedThing> {
    const { type, id } = named;
    // No store can hold such an id, so nobody owns it.
    if (!id.isWellFormed() || id.includes('\u0000'))
      return { type, id: id.toWellFormed().replaceAll('\u0000', ''), team: asking };
    const finder = this.#finders.get(type);
    if (finder) return { type, id, team: id === COLLECTION ? asking : ((await finder(id)) ?? asking) };
    const key = `${type}\n${id}`;
    const known = this.#fixed.get(key);
    if (known !== undefined) return { type, id, team: known };
    const root = named.parent ?? (await this.#rootOf(named));
    const ownId = named.name === undefined ? id : (root?.id ?? named.name);
    if (root === undefined) return { type, id: ownId, team: asking };
    const team = (await this.#parts.store.teamOf(root)) ?? DEFAULT_TEAM;
    if (FIXED_PARENT.has(type) && id !== COLLECTION) this.#remember(key, team);
    return { type, id: ownId, team };
  }

  /** Joins the transaction in which the thing is made; of a type that is kept elsewhere it is known there already. */
  async claim(thing: ResourceRef, team: string): Promise<void> {
    if (!this.#finders.has(thing.type)) await this.#parts.store.claim(thing, team);
  }

  async #rootOf(named: NamedResource): Promise<ResourceRef | undefined> {
    const { type, id, name } = named;
    if (name === undefined && id === COLLECTION) return undefined;
    return ROOTLESS.has(type) ? this.#parts.rootOf(named) : { type, id };
  }

  #remember(key: string, team: string): void {
    if (this.#fixed.size >= REMEMBERED_MAX) this.#fixed.clear();
    this.#fixed.set(key, team);
  }
}
