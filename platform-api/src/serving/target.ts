import type { ModelOptions } from '@mlops/inference';

/** A model version as it is to be served: what a target needs to know of a revision. */
export interface ServableRevision {
  /** Its key, as everywhere here: see `deploymentKey`. */
  readonly deployment: string;
  readonly revision: number;
  readonly modelName: string;
  readonly modelVersion: string;
  /** sha256:… that its bytes must have; empty where nobody has seen them yet. */
  readonly digest: string;
  readonly options: ModelOptions;
}

/** How much of a deployment's traffic a revision gets; the weights of a deployment add up to 100. */
export interface TrafficShare {
  readonly revision: number;
  readonly weight: number;
}

/** What a target does for a deployment at this moment. */
export interface Observation {
  /** Whether requests are answered. */
  readonly ready: boolean;
  /** Revisions that are there, whether or not they get traffic. */
  readonly revisions: readonly number[];
}

/**
 * Where deployments are served. A revision is prepared, then verified, then gets traffic; each step can be repeated, and
 * a revision without traffic answers nobody.
 */
export interface ServingTarget {
  /**
   * Brings the model's bytes to where they are served from.
   * @throws DIGEST_MISMATCH if they are not those that were registered, NOT_FOUND, INVALID_MODEL
   */
  prepare(revision: ServableRevision): Promise<{ readonly digest: string }>;
  /** Loads what was prepared and lets it answer its golden request. @throws INVALID_MODEL, TIMEOUT */
  verify(revision: ServableRevision): Promise<void>;
  /** From now on requests are shared so; revisions without a share are freed when their requests have finished. */
  route(deployment: string, traffic: readonly TrafficShare[]): Promise<void>;
  /** Frees a revision, or all of a deployment. */
  remove(deployment: string, revision?: number): Promise<void>;
  /** Why a deployment that should be served is not: its callers are told so. Undefined: there is no such deployment. */
  announce(deployment: string, reason: string | undefined): void;
  observe(deployment: string): Observation;
  /** Forgets bytes that no revision of these digests needs and that are older (milliseconds). @returns how many models were removed */
  sweep(needed: ReadonlySet<string>, age: number): Promise<number>;
}
