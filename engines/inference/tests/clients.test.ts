import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { needTool, pythonEnvironment, type Started, startProgram, suite } from '@mlops/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MLFLOW_ANSWERS, scoringCases, textOf, typeOf } from './scoring-cases.ts';
import { EXAMPLE, MAIN, model } from './serving.ts';

/** Runs one of the Python programs to its end, and answers what it printed. */
async function python(script: string, args: readonly string[], input = ''): Promise<string> {
  const interpreter = needTool('mlops-python');
  const child = spawn(interpreter, [join(import.meta.dirname, 'python', script), ...args], {
    env: pythonEnvironment(interpreter),
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdin.end(input);
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code, errors).toBe(0);
  return output;
}

suite('real clients', { needs: ['mlops-python'] }, () => {
  let server: Started;
  beforeAll(async () => {
    const models = {
      simple: model('simple'),
      divide: model('divide'),
      int64: model('echo/INT64'),
      bytes: model('echo/BYTES'),
      flights: EXAMPLE,
    };
    const flags = Object.entries(models).flatMap(([name, path]) => ['--model', `${name}=${path}`]);
    server = await startProgram(MAIN, ['--port', '0', ...flags]);
  });
  afterAll(() => server.stop());

  it.each(['kserve_client.py', 'triton_client.py'])('%s', async (script) => {
    expect(await python(script, [server.url, EXAMPLE])).toContain('all checks passed');
  });
});

suite("MLflow's own scoring server", { needs: ['mlops-python'] }, () => {
  it('answers the requests of the recording as recorded (vitest --update records anew)', async () => {
    const requests = scoringCases.map((each) => ({ path: model(each.model), body: textOf(each), type: typeOf(each) }));
    const answers = JSON.parse(await python('mlflow_scores.py', [], JSON.stringify(requests))) as unknown[];
    const lines = answers.map((answer) => `${JSON.stringify(answer)}\n`).join('');
    await expect(lines).toMatchFileSnapshot(MLFLOW_ANSWERS);
  });
});
