import type { ModelHost } from '@mlops/inference';
import type { ModelFiles } from './model-files.ts';
import type { Observation, ServableRevision, ServingTarget, TrafficShare } from './target.ts';

/** Serves in this process, by the inference engine: a deployment is a model there, a revision its version. */
export class EmbeddedTarget implements ServingTarget {
  readonly #host: ModelHost;
  readonly #files: ModelFiles;
  /** The revisions that the engine holds, by deployment. */
  readonly #held = new Map<string, Set<number>>();

  constructor(host: ModelHost, files: ModelFiles) {
    this.#host = host;
    this.#files = files;
  }

  async prepare({ modelName, modelVersion, digest }: ServableRevision): Promise<{ digest: string }> {
    const fetched = await this.#files.fetch(modelName, modelVersion, digest === '' ? undefined : digest);
    return { digest: fetched.digest };
  }

  async verify({ deployment, revision, digest, options }: ServableRevision): Promise<void> {
    const held = this.#held.get(deployment) ?? new Set();
    if (held.has(revision)) return;
    const version = String(revision);
    await this.#host.load(deployment, version, { path: this.#files.folder(digest), options });
    try {
      await this.#host.verify(deployment, version);
    } catch (error) {
      await this.#host.unload(deployment, version);
      throw error;
    }
    this.#held.set(deployment, held.add(revision));
  }

  async route(deployment: string, traffic: readonly TrafficShare[]): Promise<void> {
    this.#host.route(
      deployment,
      traffic.map(({ revision, weight }) => ({ version: String(revision), weight })),
    );
    const unused = this.observe(deployment).revisions.filter(
      (revision) => !traffic.some((share) => share.revision === revision),
    );
    for (const revision of unused) await this.remove(deployment, revision);
  }

  async remove(deployment: string, revision?: number): Promise<void> {
    const held = this.#held.get(deployment);
    for (const each of revision === undefined ? [...(held ?? [])] : [revision]) {
      held?.delete(each);
      await this.#host.unload(deployment, String(each));
    }
    if (held?.size === 0) this.#held.delete(deployment);
  }

  announce(deployment: string, reason: string | undefined): void {
    this.#host.announce(deployment, reason);
  }

  observe(deployment: string): Observation {
    return { ready: this.#host.isReady(deployment), revisions: [...(this.#held.get(deployment) ?? [])] };
  }

  sweep(needed: ReadonlySet<string>, age: number): Promise<number> {
    return this.#files.sweep(needed, age);
  }
}
