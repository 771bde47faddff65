import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { needTool, pythonEnvironment, startProgram, suite, temporaryFolder } from '@mlops/testing';
import { expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const TESTS = join(import.meta.dirname, 'python/test_mlflow_client.py');

suite('the unmodified MLflow client', { needs: ['mlops-python'] }, () => {
  it('does its ordinary work against this engine', { timeout: 600_000 }, async () => {
    const python = needTool('mlops-python');
    const folder = temporaryFolder();
    const server = await startProgram(MAIN, ['--port', '0', '--data', folder.path]);
    const child = spawn(python, ['-m', 'pytest', '-q', '-x', '-p', 'no:cacheprovider', TESTS], {
      cwd: folder.path,
      env: {
        ...pythonEnvironment(python),
        MLFLOW_TRACKING_URI: server.url,
        SERVER_PID: String(server.pid),
        MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1',
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise((resolve) => child.once('exit', resolve));
    await server.stop();
    folder.remove();
    expect(code, output).toBe(0);
    expect(output).toMatch(/\d+ passed/);
  });
});
