import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { suite } from '@mlops/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Ask, prepare } from '../connect.ts';

suite('the way to a private API server', { needs: ['kubectl'] }, () => {
  const arn = 'arn:aws:eks:us-east-1:123456789012:cluster/mlops-dev';
  const host = 'abcdef.gr7.us-east-1.eks.amazonaws.com';
  let folder: string;
  let kubeconfig: string;
  let nodes = 'i-0123456789abcdef0\ti-0fedcba9876543210';

  /** AWS answers as its command line does; kubectl is itself. */
  const call: Ask = async (program, args) => {
    if (program === 'kubectl') {
      const { code, stdout, stderr } = await run(program, args, { env: { ...process.env, KUBECONFIG: kubeconfig } });
      if (code !== 0) throw new Error(stderr);
      return stdout;
    }
    switch (args[1]) {
      case 'describe-cluster':
        return `${arn}\thttps://${host}`;
      case 'describe-instances':
        expect(args).toContain('Name=tag:eks:cluster-name,Values=mlops-dev');
        return nodes;
      case 'update-kubeconfig': {
        const clusters = [{ name: arn, cluster: { server: `https://${host}`, 'certificate-authority-data': 'Y2E=' } }];
        await writeFile(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', clusters }));
        return '';
      }
      default:
        throw new Error(`aws ${args.join(' ')} was not expected`);
    }
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mlops-connect-'));
    kubeconfig = join(folder, 'config');
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('leads through a node, and kubectl still checks the certificate of the endpoint', async () => {
    expect(await prepare('dev', 8443, call)).toEqual([
      'ssm',
      'start-session',
      '--target=i-0123456789abcdef0',
      '--region=us-east-1',
      '--document-name=AWS-StartPortForwardingSessionToRemoteHost',
      `--parameters=host=${host},portNumber=443,localPortNumber=8443`,
    ]);
    const { clusters } = parse(await readFile(kubeconfig, 'utf8')) as { clusters: { cluster: object }[] };
    expect(clusters.map(({ cluster }) => cluster)).toEqual([
      { server: 'https://127.0.0.1:8443', 'tls-server-name': host, 'certificate-authority-data': 'Y2E=' },
    ]);
  });

  it('says why there is none at night', async () => {
    nodes = 'None';
    await expect(prepare('dev', 8443, call)).rejects.toThrow('mlops-dev has no running node to go through');
  });
});
