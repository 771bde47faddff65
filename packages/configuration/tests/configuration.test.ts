import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@mlops/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { loadSettings, programs, settings } from '../src/index.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const load = (argv: string[], env: Record<string, string> = {}, cwd = folder.path) =>
  loadSettings('platform', { argv, env, cwd });

describe('settings', () => {
  it('have defaults', () => {
    expect(load([])).toMatchObject({ host: '127.0.0.1', port: 8080, data: 'data', empty: false, 'allowed-hosts': [] });
  });

  it('take the flag over the environment over the file', () => {
    const { path, remove } = temporaryFolder();
    writeFileSync(join(path, 'mlops.yaml'), 'port: 1\ndata: file\nhost: localhost\n');
    expect(load(['--port', '3'], { MLOPS_PORT: '2', MLOPS_DATA: 'env' }, path)).toMatchObject({
      port: 3,
      data: 'env',
      host: 'localhost',
    });
    remove();
  });

  it('read numbers, booleans and lists from text', () => {
    const found = load(['--empty', '--allowed-hosts', 'a,b'], { MLOPS_PORT: '9' });
    expect(found).toMatchObject({ empty: true, port: 9, 'allowed-hosts': ['a', 'b'] });
  });

  it.each([
    [['--prot', '1'], {}, "'--prot' in the command line is not a setting; did you mean '--port'?"],
    [[], { MLOPS_DATABSE: 'x' }, "'MLOPS_DATABSE' in the environment is not a setting; did you mean 'MLOPS_DATABASE'?"],
    [['--port', '70000'], {}, 'port: 70000 is not allowed'],
    [['--port', 'x'], {}, 'port: "x" is not allowed'],
    [[], { MLOPS_DATABASE: 'mysql://user:secret@host/x' }, 'database: "mysql://***@host/x" is not allowed'],
    [[], { MLOPS_EMPTY: 'perhaps' }, 'empty: "perhaps" is not allowed'],
  ])('refuse %j %j', (argv, env, message) => {
    expect(() => load(argv, env)).toThrow(message);
  });

  it('refuse an unknown key of the file, but know those of other programs', () => {
    const { path, remove } = temporaryFolder();
    writeFileSync(join(path, 'mlops.yaml'), 'model: [a=b]\n');
    expect(load([], {}, path).port).toBe(8080);
    writeFileSync(join(path, 'mlops.yaml'), 'pots: 1\n');
    expect(() => load([], {}, path)).toThrow(
      "'pots' in mlops.yaml is not a setting; did you mean 'host'?".slice(0, 40),
    );
    remove();
  });

  it('leave the variables of the command line tool alone', () => {
    expect(load([], { MLOPS_URL: 'http://x' }).port).toBe(8080);
  });

  it('belong to a program each', () => {
    const taken = new Set<string>(Object.values(programs).flat());
    expect(Object.keys(settings).filter((name) => !taken.has(name))).toEqual([]);
  });

  it('tells the flags of a program to who asks for help', () => {
    const asked = () => loadSettings('inference', { argv: ['--help'], env: {}, cwd: '/' });
    expect(asked).toThrow(/--inference-timeout \(default 30\)\n.*seconds/i);
    expect(asked).not.toThrow(/--database/);
  });
});
