import type { InferenceEngine, ModelHost } from '@mlops/inference';
import { partsOf } from '../teams/index.ts';
import type { ModelFiles } from './model-files.ts';
import type { Observation, ServableRevision, ServingTarget, TrafficShare } from './target.ts';

/**
 * Serves in this process, by the inference engine: a deployment is a model in the namespace of its team, a revision its
 * version.
 */
export class EmbeddedTarget implements ServingTarget {
  readonly #engine: Pick<InferenceEngine, 'namespace'>;
  readonly #files: ModelFiles;
  /** The revisions that the engine holds, by deployment. */
  readonly #held = new Map<string, Set<number>>();

  constructor(engine: Pick<InferenceEngine, 'namespace'>, files: ModelFiles) {
    this.#engine = engine;
    this.#files = files;
  }

  #place(deployment: string): { host: ModelHost; name: string } {
    const { team, name } = partsOf(deployment);
    return { host: this.#engine.namespace(team), name };
  }

  async prepare({ deployment, modelName, modelVersion, digest }: ServableRevision): Promise<{ digest: string }> {
    const { team } = partsOf(deployment);
    const version = { team, name: modelName, version: modelVersion };
    const fetched = await this.#files.fetch(version, digest === '' ? undefined : digest);
    return { digest: fetched.digest };
  }

  async verify({ deployment, revision, digest, options }: ServableRevision): Promise<void> {
    const held = this.#held.get(deployment) ?? new Set();
    if (held.has(revision)) return;
    const { host, name } = this.#place(deployment);
    const version = String(revision);
    await host.load(name, version, { path: this.#files.folder(digest), options });
    try {
      await host.verify(name, version);
    } catch (error) {
      await host.unload(name, version);
      throw error;
    }
    this.#held.set(deployment, held.add(revision));
  }

  async route(deployment: string, traffic: readonly TrafficShare[]): Promise<void> {
    const { host, name } = this.#place(deployment);
    host.route(
      name,
      traffic.map(({ revision, weight }) => ({ version: String(revision), weight })),
    );
    const unused = this.observe(deployment).revisions.filter(
      (revision) => !traffic.some((share) => share.revision === revision),
    );
    for (const revision of unused) await this.remove(deployment, revision);
  }

  async remove(deployment: string, revision?: number): Promise<void> {
    const { host, name } = this.#place(deployment);
    const held = this.#held.get(deployment);
    for (const each of revision === undefined ? [...(held ?? [])] : [revision]) {
      held?.delete(each);
      await host.unload(name, String(each));
    }
    if (held?.size === 0) this.#held.delete(deployment);
  }

  announce(deployment: string, reason: string | undefined): void {
    const { host, name } = this.#place(deployment);
    host.announce(name, reason);
  }

  observe(deployment: string): Observation {
    const { host, name } = this.#place(deployment);
    return { ready: host.isReady(name), revisions: [...(this.#held.get(deployment) ?? [])] };
  }

  sweep(needed: ReadonlySet<string>, age: number): Promise<number> {
    return this.#files.sweep(needed, age);
  }
}
