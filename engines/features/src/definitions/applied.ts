import { join } from 'node:path';
import { PlatformError } from '@mlops/errors';
import type { Project } from '../model.ts';
import type { Definitions } from './catalogue.ts';
import { breaksOf, compareProjects, type DefinitionChanges, servicesAffected } from './comparison.ts';
import { projectOf } from './project.ts';
import { DefinitionsText } from './source-text.ts';
import type { DefinitionsSet, DefinitionsStore } from './store.ts';

/** How long definitions are taken as known where other processes may change them. */
const KNOWN_MILLISECONDS = 2000;

/** Who uses a feature service, and would miss it. */
export interface FeatureConsumer {
  readonly name: string;
  readonly service: string;
}

/** What applying definitions would do. */
export interface DefinitionsPlan extends DefinitionChanges {
  /** The version that is in force; 0: none yet. */
  readonly version: number;
  readonly services: readonly string[];
  readonly consumers: readonly string[];
  /** Why a consumer could not go on, each with its name. */
  readonly breaks: readonly string[];
  readonly before: Project;
  readonly after: Project;
}

export interface ApplyRequest extends DefinitionsSet {
  /** The version that the plan was made for; any other one is a CONFLICT. Default: whatever is in force. */
  readonly ifVersion?: number | undefined;
  /** Why it is applied although consumers break. */
  readonly forceReason?: string | undefined;
  readonly by: string;
}

export interface AppliedDefinitionsOptions {
  readonly store: DefinitionsStore;
  /** A folder with a folder for each project: what sources name lies there. */
  readonly folder: string;
  /** Whether sources may lie elsewhere on this machine. */
  readonly isConfined: boolean;
  /** Whether other processes apply as well. */
  readonly isShared: boolean;
  readonly consumersOf: (project: string) => Promise<readonly FeatureConsumer[]>;
}

interface Known {
  readonly version: number;
  readonly project: Project;
  /** When it was last seen to be in force. */
  readonly seen: number;
}

/** Definitions that are applied by calls, and kept in the database: one set of files for each project. */
export class AppliedDefinitions {
  readonly #options: AppliedDefinitionsOptions;
  readonly #known = new Map<string, Known>();
  readonly #definitions = new Map<string, Definitions>();

  constructor(options: AppliedDefinitionsOptions) {
    this.#options = options;
  }

  /** A project's definitions, read anew where they may have changed. */
  async of(project: string): Promise<Definitions> {
    await this.#current(project);
    let definitions = this.#definitions.get(project);
    if (definitions === undefined) {
      const known = () => this.#known.get(project)?.project ?? empty(project);
      definitions = {
        get current() {
          return known();
        },
        fresh: async () => (await this.#current(project, 0)).project,
        close: () => {},
      };
      this.#definitions.set(project, definitions);
    }
    return definitions;
  }

  async version(project: string): Promise<number> {
    return (await this.#current(project)).version;
  }

  projects(): Promise<string[]> {
    return this.#options.store.projects();
  }

  /** What applying would do; changes nothing. @throws INVALID_PARAMETER with file, line, column and field of each problem */
  async plan(project: string, definitions: DefinitionsSet): Promise<DefinitionsPlan> {
    const after = this.#read(project, definitions);
    const { version, definitions: before } = await this.#options.store.newest(project);
    return this.#compare(version, this.#read(project, before, false), after);
  }

  /**
   * Puts definitions in force, as a whole; those of others wait for their turn. The same again changes nothing.
   * @param record told of the change in its transaction
   * @throws as `plan`; CONFLICT where another version is in force than was meant, or a consumer would break
   */
  async apply(
    project: string,
    { ifVersion, forceReason, by, ...definitions }: ApplyRequest,
    record: (applied: DefinitionsPlan) => Promise<void>,
  ): Promise<DefinitionsPlan> {
    const { store } = this.#options;
    const after = this.#read(project, definitions);
    return store.change(project, async (newest) => {
      if (ifVersion !== undefined && ifVersion !== newest.version) {
        const message = `Version ${newest.version} is in force, not ${ifVersion}: somebody has applied other definitions. Plan again.`;
        throw new PlatformError('CONFLICT', message, { field: 'if_version', data: { version: newest.version } });
      }
      const plan = await this.#compare(newest.version, this.#read(project, newest.definitions, false), after);
      if (isNothing(plan)) return plan;
      if (plan.breaks.length > 0 && forceReason === undefined) {
        const why = plan.breaks.join('; ');
        throw new PlatformError('CONFLICT', `These definitions would break who uses them: ${why}.`, {
          field: 'files',
          data: { breaks: plan.breaks },
        });
      }
      const version = newest.version + 1;
      const facts = { appliedAt: Date.now(), appliedBy: by, reason: forceReason ?? null };
      await store.add(project, { version, definitions }, facts);
      const done = { ...plan, version };
      await record(done);
      store.onCommit(() => this.#known.set(project, { version, project: after, seen: Date.now() }));
      return done;
    });
  }

  async #compare(version: number, before: Project, after: Project): Promise<DefinitionsPlan> {
    const changes = compareProjects(before, after);
    const services = servicesAffected(before, after, changes);
    const users = await this.#options.consumersOf(before.name);
    const affected = users.filter(({ service }) => services.includes(service));
    const breaks = affected.flatMap(({ name, service }) =>
      breaksOf(before, after, service).map((why) => `${name}: ${why}`),
    );
    return { version, ...changes, services, consumers: affected.map(({ name }) => name), breaks, before, after };
  }

  async #current(project: string, knownFor = KNOWN_MILLISECONDS): Promise<Known> {
    const { store, isShared } = this.#options;
    const known = this.#known.get(project);
    const now = Date.now();
    if (known !== undefined && (!isShared || now - known.seen < knownFor)) return known;
    if (known !== undefined && (await store.versionOf(project)) === known.version)
      return this.#note(project, known, now);
    const { version, definitions } = await store.newest(project);
    return this.#note(project, { version, project: this.#read(project, definitions) }, now);
  }

  #note(project: string, { version, project: current }: Omit<Known, 'seen'>, seen: number): Known {
    const known = { version, project: current, seen };
    // Somebody may have applied while this was read.
    const newest = this.#known.get(project);
    if (newest !== undefined && newest.version > version) return newest;
    this.#known.set(project, known);
    return known;
  }

  /** What is in force is only compared where it is not confined: under other settings it may have named other places. */
  #read(project: string, { files, root }: DefinitionsSet, isConfined = this.#options.isConfined): Project {
    if (files.length === 0) return empty(project);
    const { folder } = this.#options;
    const texts = files.map(({ name, text }) => new DefinitionsText(name, text));
    return projectOf(texts, project, { folder: root ?? join(folder, project), isConfined });
  }
}

function isNothing({ added, changed, removed }: DefinitionChanges): boolean {
  return added.length + changed.length + removed.length === 0;
}

function empty(name: string): Project {
  const nothing = new Map<string, never>();
  return {
    name,
    entities: nothing,
    sources: nothing,
    views: nothing,
    services: nothing,
    onDemandViews: new Set(),
  };
}
