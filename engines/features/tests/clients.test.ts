import { join } from 'node:path';
import { startProgram, suite, temporaryFolder } from '@mlops/testing';
import { expect, it } from 'vitest';
import { configureFeast, python } from './feast.ts';
import { makeRepository } from './history.ts';
import { MAIN } from './serving.ts';

suite("Feast's own client", { needs: ['mlops-python'] }, () => {
  it('with its remote online store does its ordinary work against this engine', { timeout: 300_000 }, async () => {
    const [repository, data] = [await makeRepository(), temporaryFolder()];
    configureFeast(repository.path, 'contract', '{type: sqlite}');
    python('definitions.py', repository.path);
    const registry = join(repository.path, 'registry.db');
    const server = await startProgram(MAIN, ['--port', '0', '--data', data.path, '--registry', registry]);
    configureFeast(repository.path, 'contract', `{type: remote, path: "${server.url}"}`);
    try {
      expect(python('remote_client.py', repository.path)).toContain('all checks passed');
    } finally {
      await server.stop();
      for (const folder of [repository, data]) folder.remove();
    }
  });
});
