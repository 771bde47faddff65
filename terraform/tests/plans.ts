import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Plan, planEnvironment } from '../terraform.ts';

const terraform = join(import.meta.dirname, '..');
const kept = join(terraform, '../node_modules/.cache/terraform-plans');

export const environments = ['dev', 'staging', 'prod'] as const;
export type Environment = (typeof environments)[number];

/** The folder of an environment, or of what accounts have once. */
export const folderOf = (environment: Environment | 'account') => join(terraform, 'environments', environment);

/** The plan of an environment and of its account. Planning takes half a minute, so the suites share one for each state of the sources. */
export async function planOf(environment: Environment): Promise<Plan> {
  const file = join(kept, `${environment}-${digest(environment)}.json`);
  if (!existsSync(file)) {
    const plan = JSON.stringify(await planEnvironment(folderOf(environment)));
    mkdirSync(kept, { recursive: true });
    for (const old of readdirSync(kept).filter((name) => name.startsWith(`${environment}-`)))
      rmSync(join(kept, old), { force: true });
    writeFileSync(`${file}.${process.pid}`, plan);
    renameSync(`${file}.${process.pid}`, file);
  }
  return JSON.parse(readFileSync(file, 'utf8')) as Plan;
}

function digest(environment: Environment): string {
  const hash = createHash('sha256');
  const sources = [
    join(terraform, 'modules'),
    join(terraform, 'environments/account'),
    folderOf(environment),
    join(terraform, 'terraform.ts'),
  ];
  for (const source of sources) {
    const files = statSync(source).isFile()
      ? [source]
      : readdirSync(source, { recursive: true, encoding: 'utf8' }).map((file) => join(source, file));
    for (const file of files.filter((one) => !one.includes('.terraform') && statSync(one).isFile()).sort())
      hash
        .update(`${relative(terraform, file)}\0`)
        .update(readFileSync(file))
        .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
