import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { needTool, suite } from '@mlops/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Workflow, workflows } from './workflow-runner.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, '.github/workflows');
/** What a step may run besides a program of this repository. */
const others = [
  /^bash \.ci\/run$/,
  /^pipx install model-signing==\d+\.\d+\.\d+ --preinstall pyopenssl==\d+\.\d+\.\d+$/,
  /^GOBIN="\$HOME\/\.local\/bin" go install [\w./]+@v\d+\.\d+\.\d+$/,
  /^gh release create "\$GITHUB_REF_NAME" /,
];

describe('the workflows', () => {
  let all: Map<string, Workflow>;
  const jobs = () =>
    [...all].flatMap(([file, workflow]) => Object.entries(workflow.jobs).map(([name, job]) => ({ file, name, job })));
  const steps = () => jobs().flatMap(({ file, name, job }) => (job.steps ?? []).map((step) => ({ file, name, step })));

  beforeAll(async () => {
    all = await workflows();
  });

  it('that GitHub runs are those of cicd/, and no others', async () => {
    expect((await readdir(folder)).sort()).toEqual([...all.keys()]);
    for (const file of all.keys()) {
      const written = await readFile(join(folder, file), 'utf8');
      const source = await readFile(join(root, 'cicd', file), 'utf8');
      expect(written).toBe(`# Written by npm run generate from cicd/${file}.\n${source}`);
    }
    const seed = ['terraform-deploy.yml', 'k8s-deploy.yml', 'model-deploy.yml', 'test.yml', 'release.yml'];
    expect([...all.keys()]).toEqual(expect.arrayContaining(seed));
  });

  it('take actions by commit, and say of which version it is', async () => {
    const texts = await Promise.all([...all.keys()].map((file) => readFile(join(folder, file), 'utf8')));
    const used = texts.flatMap((text) => [...text.matchAll(/uses: (.+)$/gm)].map(([, action = '']) => action));
    expect(used.length).toBeGreaterThan(15);
    const unpinned = used.filter(
      (action) => !/^(\.\/\.github\/workflows\/[\w-]+\.yml|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/.test(action),
    );
    expect(unpinned).toEqual([]);
  });

  it('have no right by themselves, no secret, and no identity where nobody becomes a role or signs', () => {
    for (const [file, { permissions }] of all) expect([file, permissions]).toEqual([file, {}]);
    for (const { file, name, job } of jobs()) {
      expect([file, name, job.permissions]).toEqual([file, name, expect.any(Object)]);
      const becomes = job.uses !== undefined || (job.steps ?? []).some(({ uses }) => uses?.startsWith('aws-actions/'));
      const asks = job.permissions?.['id-token'] === 'write';
      if (job.uses !== './.github/workflows/test.yml') expect([file, name, asks]).toEqual([file, name, becomes]);
      // the subject of an identity is then the environment, which may be protected
      if (asks && job.uses === undefined)
        expect([file, name, job.environment]).toEqual([file, name, expect.any(String)]);
    }
  });

  it('keep no credentials of the checkout, and hold no long-lived ones', async () => {
    for (const file of all.keys()) {
      const text = await readFile(join(folder, file), 'utf8');
      expect([file, /secrets\.|AWS_ACCESS_KEY_ID|pull_request_target/.exec(text)?.[0]]).toEqual([file, undefined]);
    }
    const checkouts = steps().filter(({ step }) => step.uses?.startsWith('actions/checkout@'));
    for (const { file, step } of checkouts)
      expect([file, (step as { with?: object }).with]).toMatchObject([file, { 'persist-credentials': false }]);
  });

  it('change an environment only within it, one at a time, and never break off', () => {
    const changing = ['apply', 'deploy'];
    const found = jobs().filter(({ name, job }) => changing.includes(name) && job.steps);
    expect(found).toHaveLength(3);
    for (const { file, name, job } of found) {
      expect([file, name, job.environment]).toEqual([file, name, '${{ inputs.environment }}']);
      const { concurrency } = { ...all.get(file), ...job } as { concurrency?: { 'cancel-in-progress': unknown } };
      expect([file, name, concurrency?.['cancel-in-progress']]).toEqual([file, name, false]);
    }
  });

  it('are thin: a step is one program of this repository, in the words that a person says', async () => {
    const commands = steps().flatMap(({ step }) => step.run ?? []);
    expect(commands.length).toBeGreaterThan(20);
    for (const command of commands) {
      expect(command).not.toContain('\n');
      const [, program] = /^node scripts\/run\.mjs (\S+\.ts) /.exec(command) ?? [];
      if (program === undefined) expect([command, others.some((one) => one.test(command))]).toEqual([command, true]);
      else await access(join(root, program));
      // what comes from outside reaches a step by a variable, never as a part of its text
      expect(command).not.toContain('${{');
    }
  });
});

suite('the linters of workflows', { needs: ['actionlint', 'zizmor', 'check-jsonschema'] }, () => {
  const lint = async (tool: string, args: readonly string[]) => {
    const { code, stdout, stderr } = await run(needTool(tool), args, { cwd: root });
    return { code, said: code === 0 ? '' : `${stdout}${stderr}` };
  };
  const files = async () => (await readdir(folder)).map((file) => join(folder, file));

  it('actionlint finds nothing', async () => {
    // shellcheck decides about shell, where it is at hand; here no step has more than one line
    expect(await lint('actionlint', ['-no-color', '-shellcheck=', '-pyflakes=', ...(await files())])).toEqual({
      code: 0,
      said: '',
    });
  });

  it('zizmor finds nothing', async () => {
    const flags = ['--offline', '--no-progress', '--persona=pedantic', '--quiet'];
    expect(await lint('zizmor', [...flags, join(root, '.github')])).toEqual({ code: 0, said: '' });
  });

  it('their schema holds', async () => {
    const schema = '--builtin-schema=vendor.github-workflows';
    expect(await lint('check-jsonschema', [schema, ...(await files())])).toEqual({ code: 0, said: '' });
    const dependabot = ['--builtin-schema=vendor.dependabot', join(root, '.github/dependabot.yml')];
    expect(await lint('check-jsonschema', dependabot)).toEqual({ code: 0, said: '' });
  });
});
