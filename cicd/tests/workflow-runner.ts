import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { readManifests } from '../../kubernetes/manifests.ts';

const repository = join(import.meta.dirname, '../..');

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly needs?: string | readonly string[];
  readonly uses?: string;
  readonly if?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
}

/** What of a workflow's file is read here. */
export interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** The workflows of cicd/ by file. */
export async function workflows(): Promise<Map<string, Workflow>> {
  const files = (await readdir(join(repository, 'cicd'))).filter((file) => file.endsWith('.yml')).sort();
  const read = files.map(async (file) => {
    const [workflow] = readManifests(await readFile(join(repository, 'cicd', file), 'utf8'));
    return [file, workflow as unknown as Workflow] as const;
  });
  return new Map(await Promise.all(read));
}

/** What a job is run with on this machine. */
export interface Local {
  /** The contexts of expressions: inputs, matrix, needs, vars, github. */
  readonly contexts: Readonly<Record<string, unknown>>;
  readonly env: NodeJS.ProcessEnv;
  /** Steps that only GitHub or AWS can do, by the action's or the step's name: what runs here instead, nothing where it is empty. */
  readonly instead: Readonly<Record<string, string>>;
  /** Variables of steps whose values only GitHub has. */
  readonly values?: Readonly<Record<string, string>>;
}

interface Outcome {
  readonly name: string;
  readonly outcome: 'success' | 'failure' | 'skipped';
  readonly output: string;
}

interface Finished {
  readonly steps: readonly Outcome[];
  readonly outputs: Readonly<Record<string, string>>;
  /** What the job has written into the run's summary. */
  readonly summary: string;
}

type Contexts = Readonly<Record<string, unknown>>;

/** A value of the contexts by its path. @throws where it is not there: GitHub would take it for an empty text. */
function valueOf(path: string, contexts: Contexts): string {
  const found = path.split('.').reduce<unknown>((value, key) => (value as Contexts | undefined)?.[key], contexts);
  if (found === undefined) throw new Error(`no value for \${{ ${path} }}`);
  return String(found);
}

const expand = (text: string, contexts: Contexts) =>
  text.replace(/\$\{\{\s*([^}]+?)\s*\}\}/g, (_whole, path: string) => valueOf(path, contexts));

/** A condition of a step, of the few forms that are used here. */
function holds(condition: string, failed: boolean, contexts: Contexts): boolean {
  const terms = condition.split('&&').map((term) => term.trim());
  const decides = (term: string): boolean => {
    const [, path = '', operator, literal] = /^([\w.]+) ([!=]=) '([^']*)'$/.exec(term) ?? [];
    if (term === 'always()') return true;
    if (term === 'failure()') return failed;
    if (operator === undefined) throw new Error(`"${condition}" is no condition that is known here`);
    return (valueOf(path, contexts) === literal) === (operator === '==');
  };
  const aboutOutcome = terms.some((term) => /^(always|failure)\(\)$/.test(term));
  return (aboutOutcome || !failed) && terms.every(decides);
}

/**
 * Runs the steps of one job in order, as GitHub would: in a workspace of its own, by bash, with outputs, conditions and a summary.
 * Actions run only where `instead` says what they are here.
 * @throws where a step, an expression or a condition is none that can be run.
 */
export async function runJob(file: string, name: string, local: Local): Promise<Finished> {
  const workflow = (await workflows()).get(file);
  const job = workflow?.jobs[name];
  if (!workflow || !job?.steps) throw new Error(`${file} has no job ${name} with steps`);
  const workspace = await mkdtemp(join(tmpdir(), 'mlops-workflow-'));
  try {
    // what a checkout would bring, without what steps write
    for (const entry of await readdir(repository)) await symlink(join(repository, entry), join(workspace, entry));
    const summary = join(workspace, '.summary');
    await writeFile(summary, '');
    const contexts: Record<string, unknown> = { ...local.contexts, steps: {} };
    const env = { ...workflow.env, ...job.env };
    const steps: Outcome[] = [];
    for (const step of job.steps) steps.push(await runStep(step, { workspace, env, contexts, summary, local }, steps));
    const outputs = Object.entries(job.outputs ?? {}).map(([key, text]) => [key, expand(text, contexts)] as const);
    const failed = steps.some(({ outcome }) => outcome === 'failure');
    return {
      steps,
      outputs: failed ? {} : Object.fromEntries(outputs),
      summary: await readFile(summary, 'utf8'),
    };
  } finally {
    await rm(workspace, { recursive: true });
  }
}

interface Surroundings {
  readonly workspace: string;
  readonly env: Readonly<Record<string, string>>;
  readonly contexts: Record<string, unknown>;
  readonly summary: string;
  readonly local: Local;
}

async function runStep(step: Step, around: Surroundings, before: readonly Outcome[]): Promise<Outcome> {
  const { workspace, contexts, summary, local } = around;
  const name = step.name ?? step.uses?.replace(/@.*/, '') ?? '';
  const failed = before.some(({ outcome }) => outcome === 'failure');
  const wanted = step.if === undefined ? !failed : holds(step.if, failed, contexts);
  const tell = (outcome: Outcome['outcome'], outputs: object) => {
    if (step.id) (contexts['steps'] as Record<string, unknown>)[step.id] = { outputs, outcome };
  };
  if (!wanted) {
    tell('skipped', {});
    return { name, outcome: 'skipped', output: '' };
  }
  const command = local.instead[name] ?? step.run;
  if (command === undefined) throw new Error(`nothing says what ${name} is here`);
  const outputs = join(workspace, '.outputs');
  await writeFile(outputs, '');
  const named = Object.entries({ ...around.env, ...step.env, ...local.values });
  const own = named.map(([key, text]) => [key, expand(local.values?.[key] ?? text, contexts)] as const);
  const env = {
    ...process.env,
    ...local.env,
    ...Object.fromEntries(own),
    GITHUB_OUTPUT: outputs,
    GITHUB_STEP_SUMMARY: summary,
  };
  const shell = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', command];
  const { code, stdout, stderr } = await run('bash', shell, { cwd: workspace, env, group: true });
  const outcome = code === 0 ? ('success' as const) : ('failure' as const);
  const lines = (await readFile(outputs, 'utf8')).split('\n').filter(Boolean);
  const entries = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  tell(outcome, Object.fromEntries(entries));
  return { name, outcome, output: `${stdout}${stderr}` };
}
