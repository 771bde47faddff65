import { join } from 'node:path';
import { type Environment, environments } from '../../kubernetes/manifests.ts';
import { settingsOf } from '../../kubernetes/settings.ts';
import { Misused } from '../command-line.ts';
import { stateBucket } from '../preflight/account.ts';
import type { Root } from './steps.ts';

const folders = join(import.meta.dirname, '../../terraform/environments');

/** A root that people and pipelines name: an environment (`dev`), or what its account has once (`account/dev`). */
export interface NamedRoot extends Root {
  readonly environment: Environment;
}

/** @throws Misused for a name of no root */
export async function rootOf(name = ''): Promise<NamedRoot> {
  const [, account, part] = /^(account\/)?(\w+)$/.exec(name) ?? [];
  const environment = environments.find((one) => one === part);
  if (!environment) {
    throw new Misused(`a root is one of ${environments.join(', ')}, with account/ in front or without, not "${name}"`);
  }
  const settings = await settingsOf(environment);
  return {
    name,
    environment,
    folder: join(folders, account ? 'account' : environment),
    bucket: stateBucket(settings.name, settings.account_id),
    region: settings.region,
    planFile: `${environment}.tfplan`,
    // the account's root has the settings of all accounts beside it
    settings: account ? [`-var-file=${environment}.tfvars`] : [],
  };
}
