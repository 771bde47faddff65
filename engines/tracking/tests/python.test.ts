import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { needTool, pythonEnvironment, startProgram, suite, temporaryFolder } from '@mlops/testing';
import { expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const TESTS = join(import.meta.dirname, 'python/test_mlflow_client.py');

suite('the unmodified MLflow client', { needs: ['mlops-python'] }, () => {
  it('does its ordinary work against this engine', { timeout: 600_000 }, async () => {
    const python = needTool('mlops-python');
    const folder = temporaryFolder();
    const server = await startProgram(MAIN, ['--port', '0', '--data', folder.path]);
    const { code, stdout, stderr } = await run(python, ['-m', 'pytest', '-q', '-x', '-p', 'no:cacheprovider', TESTS], {
      cwd: folder.path,
      env: {
        ...pythonEnvironment(python),
        MLFLOW_TRACKING_URI: server.url,
        SERVER_PID: String(server.pid),
        MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1',
      },
    });
    await server.stop();
    folder.remove();
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/\d+ passed/);
  });
});
