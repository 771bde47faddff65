import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { needTool, suite } from '@mlops/testing';
import { expect, it } from 'vitest';

suite('tflint', { needs: ['tflint'] }, () => {
  const lint = async (folder: string) => {
    const { code, stdout } = await run(needTool('tflint'), ['--recursive', '--no-color', '--format=compact'], {
      cwd: folder,
    });
    return { code, stdout };
  };

  it('finds nothing in the modules and the environments', { timeout: 60_000 }, async () => {
    expect(await lint(join(import.meta.dirname, '..'))).toEqual({ code: 0, stdout: '' });
  });

  it('finds what is declared and not used', { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mlops-tflint-'));
    await writeFile(join(folder, 'main.tf'), 'variable "unused" {\n  type = string\n}\n');
    const { code, stdout } = await lint(folder);
    await rm(folder, { recursive: true });
    expect([code, stdout]).toEqual([2, expect.stringContaining('terraform_unused_declarations')]);
  });
});
