import { COLLECTION, type NamedResource, type ResourceRef } from '@mlops/operations';

/** A thing under its own id, with the team that it belongs to. */
export interface OwnedThing extends ResourceRef {
  readonly team: string;
}

/** The team of a thing by its id; undefined for what does not exist. */
type TeamFinder = (id: string) => Promise<string | undefined> | string | undefined;

export interface OwnersParts {
  /** See `TrackingEngine.workspaceOf`. */
  readonly workspaceOf: (thing: ResourceRef) => Promise<string | undefined>;
}

/** What is known by an id that is unique over all teams; all else is known by a name, within a team. */
const TRACKED = new Set(['experiment', 'run', 'logged-model']);
const REMEMBERED_MAX = 50_000;

/**
 * Whose a thing is: the one place that knows. What has a name is looked for among the things of the team that asks, and
 * so belongs to it; what has an id of its own may be another team's.
 */
export class Owners {
  readonly #parts: OwnersParts;
  readonly #finders = new Map<string, TeamFinder>();
  /** Teams of things that are there: they never change hands. Asked at every metric of a run. */
  readonly #known = new Map<string, string>();

  constructor(parts: OwnersParts) {
    this.#parts = parts;
  }

  /** From now on `find` says whose a thing of the type is. */
  keep(type: string, find: TeamFinder): void {
    this.#finders.set(type, find);
  }

  /** The thing that a request names, and whose it is; what does not exist yet belongs to the team that asks. */
  async find({ type, id, name, parent }: NamedResource, asking: string): Promise<OwnedThing> {
    // No store can hold such an id, so nobody owns it.
    if (!id.isWellFormed() || id.includes('\u0000'))
      return { type, id: id.toWellFormed().replaceAll('\u0000', ''), team: asking };
    const ownId = name ?? id;
    const root = parent ?? { type, id: ownId };
    if (root.id === COLLECTION || name !== undefined) return { type, id: ownId, team: asking };
    return { type, id: ownId, team: (await this.#teamOf(root)) ?? asking };
  }

  async #teamOf(thing: ResourceRef): Promise<string | undefined> {
    const { type, id } = thing;
    const finder = this.#finders.get(type);
    if (finder) return finder(id);
    if (!TRACKED.has(type)) return undefined;
    const key = `${type}\n${id}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const team = await this.#parts.workspaceOf(thing);
    if (team !== undefined) {
      if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
      this.#known.set(key, team);
    }
    return team;
  }
}
