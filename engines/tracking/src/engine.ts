import type { Readable } from 'node:stream';
import type { BlobInfo, ByteRange, OpenBlob, StoredBlob } from '@mlops/blobs';
import type { NamedResource, ResourceRef } from '@mlops/operations';
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

/** The seat of experiment tracking and model registry: the embedded engine, or a real MLflow server. */
export interface TrackingEngine {
  readonly operations: TrackingOperations;
  readonly artifacts: TrackingArtifacts;
  /** @throws NOT_FOUND, INVALID_STATE if the version's files are not below the artifact root. */
  modelVersionFiles(name: string, version: string): Promise<ModelVersionFiles>;
  /**
   * The thing that carries the owner of a run, a logged model, an artifact, or of an experiment known by its name: an
   * experiment. Undefined for what does not exist.
   */
  rootOf(thing: NamedResource): Promise<ResourceRef | undefined>;
  /** Whether its changes join the surrounding transaction of the platform's database. */
  readonly sharesDatabase: boolean;
  close(): Promise<void>;
}
