import type { Tensor, TensorMetadata } from '../engine.ts';
import type { Packed } from './packing.ts';
import type { SessionOptions } from './session-options.ts';

/** What a model thread is asked. */
export type Request =
  | { readonly kind: 'load'; readonly model: string; readonly path: string; readonly options: SessionOptions }
  | {
      readonly kind: 'run';
      readonly model: string;
      readonly inputs: Packed;
      /** Names of the wanted outputs; absent: all. */
      readonly outputs: readonly string[] | undefined;
    }
  | { readonly kind: 'unload'; readonly model: string };

export interface LoadReply {
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** What it answers: `loaded` to a load, `outputs` to a run. */
export interface Reply {
  readonly loaded?: LoadReply;
  readonly outputs?: readonly Tensor[];
}
