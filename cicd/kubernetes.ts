/**
 * A cluster of one environment, one step at a time: `node cicd/kubernetes.ts STEP ENVIRONMENT`. kubernetes/apply.ts applies. It exits
 * with 0, with 1 where a step failed, and with 2 where it was called wrongly.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { environmentOf, Misused, main, say } from './command-line.ts';
import { diff, renderTo, undo, type Workload, workloads } from './kubernetes/cluster.ts';
import { compare } from './kubernetes/compare.ts';

const USAGE = `usage: node cicd/kubernetes.ts render ENVIRONMENT FOLDER
       node cicd/kubernetes.ts compare ENVIRONMENT COMMIT [--report FILE]
       node cicd/kubernetes.ts diff ENVIRONMENT [--report FILE]
       node cicd/kubernetes.ts record ENVIRONMENT FILE
       node cicd/kubernetes.ts undo ENVIRONMENT FILE [--seconds SECONDS]

render   writes the objects as files, in the order in which they are applied
compare  what has changed since a commit; asks no cluster
diff     what an application would change; changes nothing, and needs the right to
record   keeps which revision of each workload runs
undo     takes the workloads that have moved on since back to the recorded revision

--report FILE   appends to a file in Markdown what is printed
--seconds       how long each workload may take to be back (600); 0: it is not waited for`;

/** What of the differences a report shows: comments on GitHub take 65,536 characters. */
const SHOWN = 40_000;
const repository = fileURLToPath(new URL('..', import.meta.url));

/** Differences that a reader may unfold. */
function folded(text: string): string[] {
  if (text === '') return [];
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}\n… ${text.length - SHOWN} characters more` : text;
  return ['', '<details><summary>The differences</summary>', '', '```diff', shown, '```', '', '</details>'];
}

await main(USAGE, async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { report: { type: 'string' }, seconds: { type: 'string', default: '600' } },
  });
  const [step, name, path, ...more] = positionals;
  const environment = environmentOf(name);
  if (more.length > 0) throw new Misused(`too many arguments: ${more.join(' ')}`);
  if (step === 'diff') {
    const found = await diff(environment);
    const text = found
      .map((one) => one.text)
      .filter(Boolean)
      .join('\n');
    await say(
      values.report,
      `## The cluster of ${environment}: ${found.length === 0 ? 'no difference' : `differences in ${found.map(({ folder }) => folder).join(', ')}`}`,
      '',
      ...found.flatMap(({ created }) => created.map((object) => `- \`+ ${object}\``)),
      ...folded(text),
    );
    return 0;
  }
  if (path === undefined) throw new Misused(`${step ?? ''} needs a path, or a commit`);
  if (step === 'compare') {
    const { added, removed, changed, text } = await compare(repository, environment, path);
    const count = added.length + removed.length + changed.length;
    await say(
      values.report,
      `## Kubernetes, ${environment}: ${count === 0 ? 'no object changes' : `${count} objects change`}`,
      '',
      ...added.map((object) => `- \`+ ${object}\``),
      ...removed.map((object) => `- \`- ${object}\``),
      ...changed.map((object) => `- \`~ ${object}\``),
      ...folded(text),
    );
    return 0;
  }
  if (step === 'render') {
    await mkdir(path, { recursive: true });
    for (const file of await renderTo(environment, path)) console.log(file);
    return 0;
  }
  if (step === 'record') {
    const found = await workloads(environment);
    await writeFile(path, JSON.stringify(found, null, 2));
    console.log(`${found.length} workloads`);
    return 0;
  }
  if (step !== 'undo') throw new Misused(`there is no step "${step ?? ''}"`);
  const seconds = Number(values.seconds);
  if (!(seconds >= 0)) throw new Misused('--seconds is a number');
  const moved = await undo(environment, JSON.parse(await readFile(path, 'utf8')) as Workload[], seconds);
  for (const { kind, namespace, name: workload, revision } of moved)
    console.log(`${kind} ${namespace}/${workload} is back at revision ${revision}`);
  if (moved.length === 0) console.log('nothing had moved on');
  return 0;
});
