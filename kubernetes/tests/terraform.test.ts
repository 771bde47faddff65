import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from '@mlops/testing';
import { describe, expect, it } from 'vitest';
import { contract } from '../contract.ts';
import { environments } from '../manifests.ts';
import { repository } from './dockerfile.ts';

const folder = join(repository, 'terraform');
/** Made once by hand, because no Terraform resource has its content (README). */
const byHand = ['mlops/rds-ca-bundle'];

async function sources(): Promise<string> {
  const files = (await readdir(folder, { recursive: true })).filter(
    (file) => /\.(tf|tfvars)$/.test(file) && !file.includes('.terraform'),
  );
  return (await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))).join('\n');
}

suite('what the manifests expect of Terraform', { needs: ['kubectl'] }, () => {
  it.each(environments)('is complete in %s', async (environment) => {
    const { buckets, secrets, keyAliases, clusterName, nodeRole } = await contract(environment);
    expect(clusterName).toBe(`mlops-${environment}`);
    for (const name of [...buckets, nodeRole, ...keyAliases.map((alias) => alias.slice('alias/'.length))]) {
      expect(name).toMatch(new RegExp(`^mlops-${environment}-`));
    }
    for (const name of secrets.filter((one) => !byHand.includes(one)))
      expect(name).toMatch(new RegExp(`^mlops/${environment}/`));
    expect(buckets.length * secrets.length).toBeGreaterThan(0);
  });
});

// The folder comes with the infrastructure; where it is, it must agree.
if (existsSync(join(folder, 'environments/prod')))
  describe('Terraform', () => {
    it('makes every bucket, secret, role and group that the manifests name', async () => {
      const text = await sources();
      const { buckets, secrets, podIdentities, groups, keyAliases } = await contract('prod');
      const names = [
        ...buckets.map((name) => name.replace('mlops-prod-', '')),
        ...secrets.filter((name) => !byHand.includes(name)).map((name) => name.replace('mlops/prod/', '')),
        ...podIdentities.map((name) => name.split('/')[1] ?? ''),
        ...groups.filter((name) => name.startsWith('mlops:')),
        ...keyAliases.map((name) => name.replace('alias/mlops-prod-', '')),
        'karpenter-node',
        'karpenter.sh/discovery',
        'mlops.dev/node-pool',
      ];
      expect(names.filter((name) => !text.includes(name))).toEqual([]);
    });
  });
