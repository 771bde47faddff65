import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  consistencyProof,
  GrowingTree,
  inclusionProof,
  leafOf,
  openCheckpoint,
  signCheckpoint,
  verifierKey,
  verifyConsistency,
  verifyInclusion,
} from '../src/index.ts';

const MOST = 40;
const leaves = Array.from({ length: MOST }, (_, i) => leafOf(i.toString(16).padStart(64, '0')));

function headOf(size: number) {
  const tree = new GrowingTree();
  for (const leaf of leaves.slice(0, size)) tree.add(leaf);
  return { size, root: tree.root() };
}

describe('the tree', () => {
  it('is that of RFC 9162: the empty one, and one of the examples that transparency logs test with', () => {
    expect(new GrowingTree().root().toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    // The test data of certificate-transparency-go (merkletree): leaves '', 00, 10, 2021, 3031, 40414243.
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const roots = inputs.map((_, i) => {
      const tree = new GrowingTree();
      for (const input of inputs.slice(0, i + 1)) tree.add(leafOf(input));
      return tree.root().toString('hex');
    });
    expect(roots[0]).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    expect(roots[1]).toBe('fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125');
    expect(roots[7]).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
  });

  it('grows from what is known of a smaller one', () => {
    for (let size = 0; size < MOST; size++) {
      const before = new GrowingTree();
      for (const leaf of leaves.slice(0, size)) before.add(leaf);
      const tree = new GrowingTree(JSON.parse(JSON.stringify(before.state())));
      for (const leaf of leaves.slice(size)) tree.add(leaf);
      expect(tree.root()).toEqual(headOf(MOST).root);
    }
  });

  it('proves each leaf at its place, and no other one, nor elsewhere', () => {
    for (let size = 1; size <= MOST; size++) {
      const { root } = headOf(size);
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(index, leaves.slice(0, size));
        const claim = { index, size, proof, root };
        expect(verifyInclusion(leaves[index] as Buffer, claim)).toBe(true);
        expect(verifyInclusion(leaves[(index + 1) % MOST] as Buffer, claim)).toBe(false);
        if (size > 1)
          expect(verifyInclusion(leaves[index] as Buffer, { ...claim, index: (index + 1) % size })).toBe(false);
        expect(verifyInclusion(leaves[index] as Buffer, { ...claim, proof: [...proof, root] })).toBe(false);
        if (proof.length > 0)
          expect(verifyInclusion(leaves[index] as Buffer, { ...claim, proof: proof.slice(1) })).toBe(false);
      }
    }
  });

  it('proves that each tree continues each smaller one, and none that was rewritten', () => {
    for (let size = 1; size <= MOST; size++) {
      for (let before = 1; before <= size; before++) {
        const proof = consistencyProof(before, leaves.slice(0, size));
        const [from, to] = [headOf(before), headOf(size)];
        expect(verifyConsistency(from, to, proof)).toBe(true);
        const rewritten = { ...from, root: leafOf('ab') };
        expect(verifyConsistency(rewritten, to, proof)).toBe(false);
        expect(verifyConsistency(from, { ...to, root: leafOf('ab') }, proof)).toBe(false);
        if (before < size) expect(verifyConsistency(to, from, proof)).toBe(false);
      }
    }
  });
});

describe('a checkpoint', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const other = generateKeyPairSync('ed25519');
  const checkpoint = { origin: 'mlops-audit-1', ...headOf(7) };
  const note = signCheckpoint(checkpoint, privateKey);
  const key = verifierKey('mlops-audit-1', publicKey);

  it('is opened by the key that has signed it', () => {
    expect(verifierKey('mlops-audit-1', privateKey)).toBe(key);
    expect(openCheckpoint(note, [verifierKey('mlops-audit-1', other.publicKey), key])).toEqual(checkpoint);
  });

  it.each([
    ['another size', note.replace('\n7\n', '\n8\n')],
    ['another root', note.replace(/\n7\n./, '\n7\nz')],
    ['another log', note.replaceAll('mlops-audit-1', 'mlops-audit-2')],
    ['no signature', note.slice(0, note.indexOf('—'))],
    ['nothing', ''],
    ['a line more', note.replace('\n\n', '\nmore\n\n')],
  ])('with %s is refused', (_what, forged) => {
    expect(() => openCheckpoint(forged, [key])).toThrow();
  });

  it('of another key is refused, and so is a key that is none', () => {
    expect(() => openCheckpoint(note, [verifierKey('mlops-audit-1', other.publicKey)])).toThrow('none of the keys');
    expect(() => openCheckpoint(note, ['mlops-audit-1+00000000+AAAA'])).toThrow("not a verifier's key");
  });
});
