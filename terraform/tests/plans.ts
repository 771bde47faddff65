import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Plan, planEnvironment } from '../terraform.ts';

const root = join(import.meta.dirname, '..');

export const environments = ['dev', 'staging', 'prod'] as const;
export type Environment = (typeof environments)[number];

/**
 * An environment's plan from nothing. The same files give the same plan, and several suites read it: it is kept in the folder for
 * temporary files under the hash of all that it is made of.
 */
export async function environmentPlan(environment: Environment): Promise<Plan> {
  const folder = join(tmpdir(), 'mlops-plans');
  const file = join(folder, `${environment}-${sourceHash()}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Plan;
  const plan = await planEnvironment(join(root, 'environments', environment));
  mkdirSync(folder, { recursive: true });
  const incoming = `${file}.${process.pid}`;
  writeFileSync(incoming, JSON.stringify(plan));
  renameSync(incoming, file);
  return plan;
}

function sourceHash(): string {
  const hash = createHash('sha256').update(readFileSync(join(root, 'terraform.ts')));
  for (const part of ['environments', 'modules']) {
    const names = readdirSync(join(root, part), { recursive: true, encoding: 'utf8' }).sort();
    for (const name of names.filter((one) => /\.(tf|tfvars|zip)$/.test(one) && !one.includes('.terraform')))
      hash.update(name).update(readFileSync(join(root, part, name)));
  }
  return hash.digest('hex').slice(0, 16);
}
