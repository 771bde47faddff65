import type { Tensor, TensorMetadata } from '../engine.ts';
import type { Packed } from './packing.ts';
import type { SessionOptions } from './session-options.ts';

/** What the main thread and a model thread say to each other. */
export type Request =
  | {
      readonly id: number;
      readonly kind: 'load';
      readonly model: string;
      readonly path: string;
      readonly options: SessionOptions;
    }
  | {
      readonly id: number;
      readonly kind: 'run';
      readonly model: string;
      readonly inputs: Packed;
      /** Names of the wanted outputs; absent: all. */
      readonly outputs: readonly string[] | undefined;
    }
  | { readonly id: number; readonly kind: 'unload'; readonly model: string };

export interface LoadReply {
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

export interface Reply {
  readonly id: number;
  readonly loaded?: LoadReply;
  readonly outputs?: readonly Tensor[];
  readonly error?: string;
}
