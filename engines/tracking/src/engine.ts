import type { Readable } from 'node:stream';
import type { BlobInfo, ByteRange, OpenBlob, StoredBlob } from '@mlops/blobs';
import type { ResourceRef } from '@mlops/operations';
import type { Static } from 'typebox';
import type { trackingOperations } from './operations/index.ts';

type Table = typeof trackingOperations;
export type OperationName = keyof Table;
/** The request and the response of an operation, in the wire's own names. */
export type RequestOf<N extends OperationName> = Static<Table[N]['request']>;
type ResponseOf<N extends OperationName> = Static<Table[N]['response']>;

/** MLflow's operations as typed functions, without HTTP. They throw PlatformErrors. */
export type TrackingOperations = {
  readonly [N in OperationName]: (request: RequestOf<N>) => Promise<ResponseOf<N>>;
};

/** The artifact proxy: files by path below the artifact root, streamed. */
export interface TrackingArtifacts {
  put(path: string, content: Readable): Promise<StoredBlob>;
  open(path: string, range?: ByteRange): Promise<OpenBlob>;
  list(directory: string): Promise<readonly BlobInfo[]>;
  delete(path: string): Promise<void>;
}

/** Where the bytes of a model version are, and what they were when it was registered. */
export interface ModelVersionFiles {
  /** Directory below the artifact root; the path of the one file itself where the version is a single file. */
  readonly directory: string;
  readonly isFile: boolean;
  /** `sha256:…` over all files' paths and digests; undefined where the registry did not see the bytes. */
  readonly digest: string | undefined;
}

/** Experiments and models of one workspace: nothing of another one is found, nor shown. */
export interface TrackingWorkspace {
  readonly operations: TrackingOperations;
  readonly artifacts: TrackingArtifacts;
  /** @throws NOT_FOUND, INVALID_STATE if the version's files are not below the artifact root. */
  modelVersionFiles(name: string, version: string): Promise<ModelVersionFiles>;
}

/** What a workspace has so much of; of storage, bytes of artifacts that came through the proxy. */
export type TrackedQuantity = 'experiments' | 'runs' | 'registered-models' | 'storage-bytes';

/** The seat of experiment tracking and model registry: the embedded engine, or a real MLflow server. */
export interface TrackingEngine {
  /** Names are unique in it; the one that is there from the start is `default`. */
  workspace(name: string): TrackingWorkspace;
  /** Makes a workspace with its experiment `Default`; one that is there stays as it is. */
  addWorkspace(name: string): Promise<void>;
  /**
   * The workspace of an experiment, a run or a logged model, by its id. Undefined for what does not exist, for what is
   * only known within a workspace, and where a server of its own keeps them apart.
   */
  workspaceOf(thing: ResourceRef): Promise<string | undefined>;
  /** How much of a thing a workspace has that is not deleted; undefined where a server of its own keeps it. */
  used(workspace: string, what: TrackedQuantity): Promise<number | undefined>;
  /** @throws what keeps it from answering */
  check(): Promise<void>;
  /** Whether its changes join the surrounding transaction of the platform's database. */
  readonly sharesDatabase: boolean;
  close(): Promise<void>;
}
