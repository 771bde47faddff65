import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { describe, expect, it } from 'vitest';

const release = async (...args: string[]) => {
  const { code, stdout, stderr } = await run(process.execPath, [join(import.meta.dirname, '../release.ts'), ...args]);
  return { code, said: `${stdout}${stderr}`.trim() };
};

describe('a tag', () => {
  it('is refused where its version has no section in the list of changes', async () => {
    expect(await release('check', 'v99.0.0')).toEqual({ code: 1, said: 'CHANGELOG.md has no section [99.0.0]' });
  });

  it('is refused where it is no version', async () => {
    for (const tag of ['0.1.0', 'v1', 'v1.0.0; rm -rf .'])
      expect(await release('check', tag)).toMatchObject({ code: 2 });
  });

  it('finds what is to be released under a heading of its own', async () => {
    expect(await readFile(join(import.meta.dirname, '../../CHANGELOG.md'), 'utf8')).toContain('## [Unreleased]');
  });
});
