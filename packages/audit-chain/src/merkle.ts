import { createHash } from 'node:crypto';

// The Merkle tree of RFC 9162, section 2.1, with SHA-256. A leaf is an entry's own hash, which binds all that it says.

/** The leaf of an entry. @param hash hexadecimal */
export function leafOf(hash: string): Buffer {
  return sha256(Buffer.of(0), Buffer.from(hash, 'hex'));
}

function parentOf(left: Buffer, right: Buffer): Buffer {
  return sha256(Buffer.of(1), left, right);
}

function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** A tree that only grows, known by the roots of its whole subtrees: as many as its size has ones in binary. */
export class GrowingTree {
  #size: number;
  /** The largest first. */
  readonly #nodes: Buffer[];

  /** @param from what `state` has said of a smaller tree; default: the empty one */
  constructor(from: { readonly size: number; readonly nodes: readonly string[] } = { size: 0, nodes: [] }) {
    this.#size = from.size;
    this.#nodes = from.nodes.map((node) => Buffer.from(node, 'hex'));
  }

  get size(): number {
    return this.#size;
  }

  add(leaf: Buffer): void {
    let node = leaf;
    for (let left = this.#size; left % 2 === 1; left = (left - 1) / 2) {
      node = parentOf(this.#nodes.pop() as Buffer, node);
    }
    this.#nodes.push(node);
    this.#size += 1;
  }

  root(): Buffer {
    const [last, ...before] = this.#nodes.toReversed();
    return last === undefined ? sha256() : before.reduce((right, left) => parentOf(left, right), last);
  }

  state(): { size: number; nodes: string[] } {
    return { size: this.#size, nodes: this.#nodes.map((node) => node.toString('hex')) };
  }
}

/** The root over leaves. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  const tree = new GrowingTree();
  for (const leaf of leaves) tree.add(leaf);
  return tree.root();
}

/** The largest power of two below a number of at least two. */
function splitOf(size: number): number {
  return 2 ** Math.floor(Math.log2(size - 1));
}

/** What proves, with the root, that a leaf stands at its place (section 2.1.3.1). */
export function inclusionProof(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length <= 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...inclusionProof(index, left), rootOf(right)]
    : [...inclusionProof(index - split, right), rootOf(left)];
}

/** What proves, with both roots, that the first `size` leaves are those of an earlier tree (section 2.1.4.1). */
export function consistencyProof(size: number, leaves: readonly Buffer[]): Buffer[] {
  return size === leaves.length || size === 0 ? [] : subproof(size, leaves, true);
}

function subproof(size: number, leaves: readonly Buffer[], isWhole: boolean): Buffer[] {
  if (size === leaves.length) return isWhole ? [] : [rootOf(leaves)];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return size <= split
    ? [...subproof(size, left, isWhole), rootOf(right)]
    : [...subproof(size - split, right, false), rootOf(left)];
}

/** Section 2.1.3.2. */
export function verifyInclusion(
  leaf: Buffer,
  { index, size, proof, root }: { index: number; size: number; proof: readonly Buffer[]; root: Buffer },
): boolean {
  if (index >= size) return false;
  let [place, last] = [index, size - 1];
  let node = leaf;
  for (const step of proof) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      node = parentOf(step, node);
      while (place % 2 === 0 && place !== 0) [place, last] = [place / 2, Math.floor(last / 2)];
    } else {
      node = parentOf(node, step);
    }
    [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  }
  return last === 0 && node.equals(root);
}

/** What of a tree is known: how many leaves it has, and its root. */
export interface TreeHead {
  readonly size: number;
  readonly root: Buffer;
}

/** Section 2.1.4.2. Every tree continues the empty one. */
export function verifyConsistency(from: TreeHead, to: TreeHead, proof: readonly Buffer[]): boolean {
  if (from.size > to.size) return false;
  if (from.size === to.size) return proof.length === 0 && from.root.equals(to.root);
  if (from.size === 0) return proof.length === 0;
  const isPower = Number.isInteger(Math.log2(from.size));
  const [first, ...steps] = isPower ? [from.root, ...proof] : proof;
  if (first === undefined) return false;
  let [place, last] = [from.size - 1, to.size - 1];
  while (place % 2 === 1) [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  let [old, grown] = [first, first];
  for (const step of steps) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      [old, grown] = [parentOf(step, old), parentOf(step, grown)];
      while (place % 2 === 0 && place !== 0) [place, last] = [place / 2, Math.floor(last / 2)];
    } else {
      grown = parentOf(grown, step);
    }
    [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  }
  return last === 0 && old.equals(from.root) && grown.equals(to.root);
}
