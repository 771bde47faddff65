import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { needTool, suite } from '@mlops/testing';
import { expect, it } from 'vitest';
import { environments, type Manifest, renderEnvironment, writeManifests } from '../manifests.ts';
import { exceptions } from './checkov.exceptions.ts';

interface Report {
  readonly summary: { readonly passed: number; readonly parsing_errors: number; readonly resource_count: number };
  readonly results: {
    readonly failed_checks: readonly {
      readonly check_id: string;
      readonly check_name: string;
      readonly resource: string;
    }[];
  };
}

/** Checkov's report on these objects. */
async function checkov(objects: readonly Manifest[]): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-checkov-'));
  try {
    await mkdir(folder, { recursive: true });
    // one file an object: of a file with hundreds checkov reads none
    for (const [index, object] of objects.entries())
      await writeFile(join(folder, `${index}.yaml`), writeManifests([object]));
    const args = [
      '--directory',
      folder,
      '--framework',
      'kubernetes',
      '--compact',
      '--quiet',
      '--skip-download',
      '-o',
      'json',
    ];
    const { stdout, stderr } = await run(needTool('checkov'), args, { env: { ...process.env, LOG_LEVEL: 'ERROR' } });
    if (!stdout.trim().startsWith('{')) throw new Error(stderr.slice(-2000));
    return JSON.parse(stdout) as Report;
  } finally {
    await rm(folder, { recursive: true });
  }
}

suite("checkov's Kubernetes rules", { needs: ['checkov', 'kubectl'] }, () => {
  it.each(environments)(
    'are kept in %s, but for the exceptions with a reason',
    { timeout: 180_000 },
    async (environment) => {
      const objects = [...(await renderEnvironment(environment)).values()].flat();
      const { summary, results } = await checkov(objects);
      expect(summary).toMatchObject({ parsing_errors: 0 });
      expect(summary.passed).toBeGreaterThan(900);
      const broken = results.failed_checks.filter(({ check_id, resource }) => {
        const excused = exceptions[check_id]?.objects ?? [];
        return !excused.includes('*') && !excused.includes(resource);
      });
      expect(broken.map(({ check_id, check_name, resource }) => `${check_id} ${resource}: ${check_name}`)).toEqual([]);
      const used = new Set(results.failed_checks.map(({ check_id }) => check_id));
      expect(Object.keys(exceptions).filter((rule) => !used.has(rule))).toEqual([]);
    },
  );

  it('find a bad pod', { timeout: 120_000 }, async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'bad' },
      spec: { hostNetwork: true, containers: [{ name: 'bad', image: 'nginx', securityContext: { privileged: true } }] },
    };
    const { results } = await checkov([pod]);
    expect(results.failed_checks.map(({ check_id }) => check_id)).toEqual(
      expect.arrayContaining(['CKV_K8S_16', 'CKV_K8S_19', 'CKV_K8S_14']),
    );
  });
});
