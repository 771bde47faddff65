import { expect, it } from 'vitest';
import { type Server, unique } from './server.ts';

export function artifactCases(server: () => Server): void {
  const address = (path: string) => `${server().url}/api/2.0/mlflow-artifacts/artifacts/${path}`;
  const list = async (path: string) => {
    const response = await fetch(`${server().url}/api/2.0/mlflow-artifacts/artifacts?${new URLSearchParams({ path })}`);
    return (await response.json()) as { files?: { path: string; is_dir: boolean; file_size?: number }[] };
  };
  const put = (path: string, body: string | Uint8Array) => fetch(address(path), { method: 'PUT', body });

  it('takes, lists, gives back and deletes files', async () => {
    const root = unique('files');
    expect((await put(`${root}/a.txt`, 'hello')).status).toBe(200);
    expect((await put(`${root}/sub/b.bin`, new Uint8Array([0, 255, 1]))).status).toBe(200);
    const { files = [] } = await list(root);
    expect(files.map(({ path, is_dir }) => [path, is_dir]).sort()).toEqual([
      ['a.txt', false],
      ['sub', true],
    ]);
    expect(files.find((file) => file.path === 'a.txt')?.file_size).toBe(5);
    expect(await (await fetch(address(`${root}/a.txt`))).text()).toBe('hello');
    expect(new Uint8Array(await (await fetch(address(`${root}/sub/b.bin`))).arrayBuffer())).toEqual(
      new Uint8Array([0, 255, 1]),
    );
    expect((await fetch(address(`${root}/a.txt`), { method: 'DELETE' })).status).toBe(200);
    expect((await fetch(address(`${root}/a.txt`))).status).toBe(404);
  });

  it('replaces a file, and keeps names with spaces and umlauts', async () => {
    const path = `${unique('names')}/ein größerer Name (1).txt`;
    await put(encodeURI(path), 'one');
    await put(encodeURI(path), 'two');
    expect(await (await fetch(address(encodeURI(path)))).text()).toBe('two');
  });

  it('lists nothing where nothing is', async () => {
    expect(await list(unique('nowhere'))).toEqual({});
  });

  it('refuses a listing of two paths', async () => {
    const response = await fetch(`${server().url}/api/2.0/mlflow-artifacts/artifacts?path=a&path=b`);
    // MLflow takes the first and overlooks the second.
    expect(response.status).toBe(server().implementation === 'mlflow' ? 200 : 400);
  });

  it.each(['../x', '%2e%2e/x', '%252e%252e%252fx', 'a/../../x', 'a%5c..%5cx'])('refuses the path %s', async (path) => {
    // Where a backslash is no separator, MLflow takes it as a part of the name.
    if (path.includes('%5c') && server().implementation === 'mlflow') {
      expect((await fetch(address(path), { method: 'PUT', body: 'x' })).status).toBe(200);
      return;
    }
    for (const method of ['PUT', 'GET', 'DELETE']) {
      const response = await fetch(address(path), { method, ...(method === 'PUT' ? { body: 'x' } : {}) });
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
    }
  });
}
