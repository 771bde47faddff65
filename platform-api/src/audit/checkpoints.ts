import type { KeyObject } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  consistencyProof,
  GrowingTree,
  inclusionProof,
  leafOf,
  signCheckpoint,
  type TreeHead,
  verifierKey,
} from '@mlops/audit-chain';
import type { BlobStore } from '@mlops/blobs';
import { PlatformError } from '@mlops/errors';
import type { JobDefinition, JobRun } from '@mlops/jobs';
import type { AuditStore, KeptCheckpoint } from './store.ts';

/** A checkpoint is made when so many entries are new, or one is and the last checkpoint is so old. */
const NEW_ENTRIES = 1000;
const AGE_MILLISECONDS = 60_000;

export interface CheckpointsParts {
  readonly store: AuditStore;
  readonly key: KeyObject;
  /** Storage that keeps what is written once, outside of the platform's reach. */
  readonly archive: BlobStore | undefined;
}

/** Signs how far the chain has come: whoever keeps a checkpoint can tell later that nothing of it was changed or cut off. */
export class Checkpoints {
  readonly #parts: CheckpointsParts;

  constructor(parts: CheckpointsParts) {
    this.#parts = parts;
  }

  /** Lets others verify what this process signs. */
  async start(): Promise<void> {
    const origin = await this.#origin();
    if (origin !== undefined) await this.#parts.store.addVerifierKey(verifierKey(origin, this.#parts.key));
  }

  /** @returns the checkpoint that was made, if one was due */
  async make(run: Pick<JobRun, 'fenced'>): Promise<KeptCheckpoint | undefined> {
    const { store, key } = this.#parts;
    const last = await store.newestCheckpoint();
    const size = await store.size();
    const grown = size - (last?.size ?? 0);
    // One of the future was made by a clock that has been set back since.
    const isOld = Math.abs(Date.now() - (last?.time ?? 0)) >= AGE_MILLISECONDS;
    const origin = await this.#origin();
    if (origin === undefined || grown === 0 || (grown < NEW_ENTRIES && !isOld)) return undefined;
    const tree = new GrowingTree(last);
    for await (const hash of store.hashes(tree.size, size)) tree.add(leafOf(hash));
    const note = signCheckpoint({ origin, size, root: tree.root() }, key);
    const made = { ...tree.state(), root: tree.root().toString('hex'), time: Date.now(), note };
    const publicKey = verifierKey(origin, key);
    await this.#archive(made, last?.size ?? 0, publicKey);
    await run.fenced(async () => {
      await store.addVerifierKey(publicKey);
      await store.addCheckpoint(made);
    });
    return made;
  }

  /** @throws NOT_FOUND while there is none */
  async newest(): Promise<KeptCheckpoint> {
    const newest = await this.#parts.store.newestCheckpoint();
    if (newest) return newest;
    throw new PlatformError('NOT_FOUND', 'There is no checkpoint yet; the first is made within a minute.');
  }

  /** That an entry is in the tree of a size. @throws NOT_FOUND */
  async proveEntry(sequence: number, size: number): Promise<TreeHead & { hash: string; proof: Buffer[] }> {
    if (sequence > size) throw new PlatformError('NOT_FOUND', `There is no entry ${sequence} among the first ${size}.`);
    const { hashes, leaves, root } = await this.#tree(size);
    return { size, root, hash: hashes[sequence - 1] ?? '', proof: inclusionProof(sequence - 1, leaves) };
  }

  /** That the tree of a size continues a smaller one. @throws NOT_FOUND, INVALID_PARAMETER */
  async proveConsistency(from: number, to: number): Promise<TreeHead & { proof: Buffer[] }> {
    if (from > to) throw new PlatformError('INVALID_PARAMETER', "'from' is larger than 'to'.", { field: 'from' });
    const { leaves, root } = await this.#tree(to);
    return { size: to, root, proof: consistencyProof(from, leaves) };
  }

  async #tree(size: number): Promise<{ hashes: string[]; leaves: Buffer[]; root: Buffer }> {
    const { store } = this.#parts;
    if (size > (await store.size())) {
      throw new PlatformError('NOT_FOUND', `The chain has no ${size} entries.`, { field: 'size' });
    }
    const hashes = await Array.fromAsync(store.hashes(0, size));
    const leaves = hashes.map(leafOf);
    const tree = new GrowingTree();
    for (const leaf of leaves) tree.add(leaf);
    return { hashes, leaves, root: tree.root() };
  }

  /** Names the log by its first entry, whose hash is no other log's. */
  async #origin(): Promise<string | undefined> {
    for await (const hash of this.#parts.store.hashes(0, 1)) return `mlops-audit-${hash.slice(0, 16)}`;
    return undefined;
  }

  /** What is new, then the checkpoint, each under a name of its own: nothing is written over. */
  async #archive(made: KeptCheckpoint, from: number, publicKey: string): Promise<void> {
    const { store, archive } = this.#parts;
    if (!archive) return;
    const place = (sequence: number) => String(sequence).padStart(15, '0');
    const [, id] = publicKey.split('+');
    await archive.put(`keys/${id}.txt`, Readable.from([`${publicKey}\n`]));
    const entries = Readable.from(store.lines(from, made.size));
    await archive.put(`entries/${place(from + 1)}-${place(made.size)}.jsonl`, entries);
    await archive.put(`checkpoints/${place(made.size)}.txt`, Readable.from([made.note]));
  }
}

export function checkpointJob(checkpoints: Checkpoints): JobDefinition {
  return {
    name: 'checkpoint-audit',
    summary: 'Signs how far the audit log has come, and archives what is new.',
    everySeconds: 10,
    runner: 'one',
    run: async (run) => {
      const made = await checkpoints.make(run);
      return made && `signed the first ${made.size} entries`;
    },
  };
}
