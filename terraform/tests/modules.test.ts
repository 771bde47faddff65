import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Run, terraformIn } from '../command.ts';
import { isSource } from '../terraform.ts';
import { environments } from './plans.ts';
import { terraformSuite } from './provider.ts';

const root = join(import.meta.dirname, '..');
const modules = readdirSync(join(root, 'modules')).sort();
const minutes = 60_000;
/** Terraform with this provider takes one processor and a gigabyte. */
const AT_ONCE = 2;

terraformSuite('Terraform itself', [], () => {
  const base = mkdtempSync(join(tmpdir(), 'mlops-modules-'));
  const copy = join(base, 'terraform');
  const stops: (() => void)[] = [];
  const results = new Map<string, Promise<string>>();

  /** Terraform in a folder of the copy. Without a mirror the provider is fetched once for all. */
  const terraform = (folder: string): Run => {
    const { run, kill } = terraformIn(join(copy, folder), base);
    stops.push(kill);
    const cache = {
      TF_PLUGIN_CACHE_DIR: process.env['TF_PLUGIN_CACHE_DIR'] ?? join(base, 'plugins'),
      TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: 'true',
    };
    return (args) => run([...args, '-no-color'], cache);
  };
  const validate = async (folder: string) => {
    const run = terraform(folder);
    await run(['init', '-backend=false']);
    return run(['validate']);
  };
  const test = async (folder: string) => {
    const run = terraform(folder);
    await run(['init', '-backend=false']);
    return run(['test']);
  };

  // The whole is the sum of the modules' tests (configuration.test.ts), and Terraform 1.11 keeps a provider's process for each
  // run to the end: here init reads them all, and one module's are run.
  const discover = async (folder: string) => {
    const run = terraform(folder);
    await run(['init', '-backend=false']);
    return run(['test', '-filter=tests/kms.tftest.hcl']);
  };

  beforeAll(() => {
    mkdirSync(join(base, 'plugins'));
    cpSync(root, copy, { recursive: true, filter: isSource });
    const work = [
      ...environments.map((name) => [`environments/${name}`, validate] as const),
      ...modules.map((name) => [`modules/${name}`, test] as const),
      ['.', discover] as const,
    ];
    let first: Promise<unknown> = Promise.resolve();
    const lanes = Array.from({ length: AT_ONCE }, (): Promise<unknown> => Promise.resolve());
    for (const [index, [folder, task]] of work.entries()) {
      // The cache of plugins takes one writer.
      const before = index === 0 ? first : Promise.all([first, lanes[index % AT_ONCE]]);
      const result = before.then(() => task(folder));
      const settled = result.then(
        () => {},
        () => {}, // told by the test that asks for it
      );
      if (index === 0) first = settled;
      lanes[index % AT_ONCE] = settled;
      results.set(folder, result);
    }
  });

  afterAll(() => {
    for (const stop of stops) stop();
    rmSync(base, { recursive: true, force: true, maxRetries: 5 });
  });

  it('finds every file in its own format', async () => {
    expect(await terraform('.')(['fmt', '-check', '-recursive'])).toBe('');
  });

  // A module that takes the provider of a second region is valid only where it is called.
  it.each(environments)(
    'finds environment %s valid',
    async (name) => {
      expect(await results.get(`environments/${name}`)).toContain('The configuration is valid.');
    },
    5 * minutes,
  );

  describe('passes the tests', () => {
    it.each(modules)(
      'of module %s',
      async (name) => {
        expect(await results.get(`modules/${name}`)).toMatch(/Success! [1-9]\d* passed, 0 failed\./);
      },
      15 * minutes,
    );

    it(
      'from one folder, too',
      async () => {
        const count = async (folder: string) => /Success! (\d+) passed/.exec((await results.get(folder)) ?? '')?.[1];
        expect(await count('.')).toBe(await count('modules/kms'));
      },
      15 * minutes,
    );
  });
});
