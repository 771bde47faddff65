import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { needTool, temporaryFolder } from '@mlops/testing';
import { afterAll, expect, it } from 'vitest';
import { resources as managed, type Plan } from '../terraform.ts';
import { exceptions } from './checkov.exceptions.ts';
import { completed } from './completed-plan.ts';
import { environments, folderOf, planOf } from './plans.ts';
import { terraformSuite } from './provider.ts';

interface Finding {
  readonly check_id: string;
  readonly check_name: string;
  readonly resource: string;
}

interface Report {
  readonly summary: { readonly passed: number; readonly parsing_errors: number };
  readonly results: { readonly failed_checks: readonly Finding[] };
}

/** Rules about IAM documents, which are data: a plan has no data, so these are checked on the HCL. */
const documentRules = ['1', '49', '107', '108', '109', '110', '111', '283', '356', '358'].map(
  (number) => `CKV_AWS_${number}`,
);

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** What checkov says. Without its vendor's service it gives no severities, so every failed check counts as HIGH. */
async function checkov(...what: string[]): Promise<Report> {
  const args = [...what, '--compact', '--quiet', '--skip-download', '--soft-fail', '-o', 'json'];
  const { stdout } = await promisify(execFile)(needTool('checkov'), args, {
    env: { ...process.env, LOG_LEVEL: 'ERROR' },
    maxBuffer: 1 << 28,
  });
  return JSON.parse(stdout) as Report;
}

/** A plan has every value of every instance: of the same environments as HCL, checkov checks twice as many resources. */
function ofPlan(plan: Plan): Promise<Report> {
  const file = join(folder.path, 'plan.json');
  writeFileSync(file, JSON.stringify(completed(plan)));
  return checkov('--file', file, '--framework', 'terraform_plan');
}

const ofDocuments = (directory: string) =>
  checkov('--directory', directory, '--framework', 'terraform', '--check', documentRules.join(','));

const like = (pattern: string) =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => RegExp.escape(part))
      .join('.*')}$`,
  );

terraformSuite("checkov's Terraform rules", ['checkov'], () => {
  const used = new Set<string>();
  const excused = (environment: string, { check_id: rule, resource }: Finding): boolean =>
    (exceptions[rule] ?? []).some(({ resources, environments: where, reason }) => {
      const pattern =
        (where?.includes(environment) ?? true) ? resources.find((one) => like(one).test(resource)) : undefined;
      if (pattern !== undefined) used.add(`${rule} ${pattern}: ${reason}`);
      return pattern !== undefined;
    });

  it.each(environments)(
    'are kept in %s, but for the exceptions with a reason',
    { timeout: 600_000 },
    async (environment) => {
      const [resources, documents, once] = [
        await ofPlan(await planOf(environment)),
        await ofDocuments(folderOf(environment)),
        await ofDocuments(folderOf('account')),
      ];
      for (const { summary } of [resources, documents, once]) expect(summary).toMatchObject({ parsing_errors: 0 });
      expect(resources.summary.passed).toBeGreaterThan(750);
      expect(documents.summary.passed).toBeGreaterThan(150);
      const broken = [resources, documents, once]
        .flatMap(({ results }) => results.failed_checks)
        .filter((finding) => !excused(environment, finding));
      expect(broken.map(({ check_id, check_name, resource }) => `${check_id} ${resource}: ${check_name}`)).toEqual([]);
    },
  );

  it('need every exception', () => {
    const all = Object.entries(exceptions).flatMap(([rule, some]) =>
      some.flatMap(({ resources, reason }) => resources.map((pattern) => `${rule} ${pattern}: ${reason}`)),
    );
    expect(all.filter((one) => !used.has(one))).toEqual([]);
  });

  it('find a database that is neither encrypted nor private', { timeout: 300_000 }, async () => {
    const plan = await planOf('dev');
    for (const { address, change } of plan.resource_changes ?? [])
      if (address === 'module.platform.module.rds.aws_db_instance.this["shared"]')
        Object.assign(change.after ?? {}, { storage_encrypted: false, publicly_accessible: true });
    const values = managed(plan).find(({ address }) =>
      address.endsWith('module.rds.aws_db_instance.this["shared"]'),
    )?.values;
    Object.assign(values ?? {}, { storage_encrypted: false, publicly_accessible: true });
    const { results } = await ofPlan(plan);
    const found = results.failed_checks
      .filter(({ resource }) => resource.includes('aws_db_instance'))
      .map(({ check_id }) => check_id);
    expect(found).toEqual(expect.arrayContaining(['CKV_AWS_16', 'CKV_AWS_17']));
  });
});
