import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { CommandError } from './connection.ts';
import type { Context } from './context.ts';
import { selection } from './feature-selection.ts';
import { historicalCommand } from './historical.ts';
import { printList, printOne, withProgress } from './output.ts';

const LOOPBACK = /^https?:\/\/(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)(?::|\/|$)/;

interface Plan {
  readonly version: number;
  readonly added: readonly { kind: string; name: string }[];
  readonly changed: readonly { kind: string; name: string; fields: readonly string[] }[];
  readonly removed: readonly { kind: string; name: string }[];
  readonly affects: {
    readonly services: readonly string[];
    readonly deployments: readonly string[];
    readonly materialised: readonly { view: string; until: string }[];
    readonly backfill: readonly { view: string; rows: number | null; reason: string | null }[];
  };
  readonly breaks: readonly string[];
}

/** features plan|apply|list|show|search|get|historical|export|materialize|statistics|erase */
export function featureCommands(program: Command, context: Context): void {
  const features = program.command('features').description('the team’s features: definitions, values, history');
  definitionCommands(features, context);
  discoveryCommands(features, context);
  historicalCommand(features, context);
  exportCommand(features, context);
  valueCommands(features, context);
}

function definitionCommands(features: Command, context: Context): void {
  features
    .command('plan')
    .description('what applying the definitions of a folder would change')
    .argument('<folder>', 'folder with YAML files, in folders of it as well')
    .option('--no-root', 'paths of sources begin in the team’s folder on the platform, not in this one')
    .action(async (folder: string, { root }: { root: boolean }) => {
      const { platform, data, url } = context.connection();
      const body = await definitionsOf(folder, root && LOOPBACK.test(url));
      showPlan(context, await data(platform.POST('/api/v1/features/plan', { body })), 'would be');
    });
  features
    .command('apply')
    .description('put the definitions of a folder in force, all or none of them')
    .argument('<folder>', 'folder with YAML files, in folders of it as well')
    .option('--no-root', 'paths of sources begin in the team’s folder on the platform, not in this one')
    .option('--force <reason>', 'although a deployment breaks; the audit log keeps why')
    .action(async (folder: string, { root, force }: { root: boolean; force?: string }) => {
      const { platform, data, url } = context.connection();
      const definitions = await definitionsOf(folder, root && LOOPBACK.test(url));
      const body = { ...definitions, ...(force === undefined ? {} : { force_reason: force }) };
      showPlan(context, await data(platform.POST('/api/v1/features/apply', { body })), 'is');
    });
}

/** All YAML files of a folder, and the folder where the platform is on this machine. */
async function definitionsOf(folder: string, isHere: boolean) {
  const names = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`The folder ${folder} cannot be read: ${error.code}.`);
  });
  // Feast's own settings can lie in the same folder.
  const wanted = names.filter((name) => /\.ya?ml$/.test(name) && basename(name) !== 'feature_store.yaml').sort();
  if (wanted.length === 0) throw new CommandError(`${folder} holds no .yaml file.`);
  const files = await Promise.all(
    wanted.map(async (name) => ({
      name: relative('.', join(folder, name)),
      text: await readFile(join(folder, name), 'utf8'),
    })),
  );
  return isHere ? { files, root: resolve(folder) } : { files };
}

function showPlan(context: Context, plan: Plan, verb: string): void {
  const { json, write } = context.output();
  if (json) {
    write(`${JSON.stringify(plan, null, 2)}\n`);
    return;
  }
  const { added, changed, removed, affects, breaks, version } = plan;
  const lines = [
    ...added.map(({ kind, name }) => `+ ${kind} ${name}`),
    ...changed.map(({ kind, name, fields }) => `~ ${kind} ${name}: ${fields.join(', ')}`),
    ...removed.map(({ kind, name }) => `- ${kind} ${name}`),
  ];
  if (lines.length === 0) {
    write(`Nothing ${verb} changed; version ${version} is in force.\n`);
    return;
  }
  const counts = `${added.length} added, ${changed.length} changed, ${removed.length} removed`;
  const told = (what: string, names: readonly string[]) => (names.length === 0 ? [] : [`${what}: ${names.join(', ')}`]);
  const of = affects.backfill.map(({ view, rows, reason }) => `${view} (${rows === null ? reason : `${rows} rows`})`);
  lines.push(
    ...told('services affected', affects.services),
    ...told('deployments affected', affects.deployments),
    ...told(
      'online rows stay as they are until newer ones come',
      affects.materialised.map(({ view }) => view),
    ),
    ...told('to be materialised', of),
    ...told('BREAKS', breaks),
    `version ${version} is in force; ${counts}`,
  );
  write(`${lines.join('\n')}\n`);
}

interface Search {
  readonly entity?: string;
  readonly tag?: string;
  readonly owner?: string;
  readonly kind?: 'entity' | 'source' | 'feature_view' | 'feature_service';
}

function discoveryCommands(features: Command, context: Context): void {
  const search = async (query: Search & { q?: string }) => {
    const { platform, data } = context.connection();
    const call = platform.GET('/api/v1/features/search', { params: { query: { ...query, limit: 1000 } } });
    const { found } = await data(call);
    printList(context.output(), found, {
      kind: (item) => item.kind,
      name: (item) => item.name,
      entities: (item) => item.entities.join(', '),
      features: (item) => item.features.join(', '),
      owner: (item) => item.owner,
      description: (item) => item.description,
    });
  };
  features
    .command('list')
    .description('all that is defined')
    .option('--kind <kind>', 'entity, source, feature_view or feature_service')
    .action((query: Search) => search(query));
  features
    .command('search')
    .description('what is defined and has all of the words in name, description, tags, owner or features')
    .argument('[words...]')
    .option('--entity <name>')
    .option('--tag <tag>', 'NAME or NAME=VALUE')
    .option('--owner <owner>')
    .option('--kind <kind>', 'entity, source, feature_view or feature_service')
    .action((words: string[], query: Search) => search({ ...query, q: words.join(' ') }));
  features
    .command('show')
    .description('a feature view, or a feature service')
    .argument('<name>')
    .action(async (name: string) => {
      const { platform, data } = context.connection();
      const path = { path: { name } };
      const view = await platform.GET('/api/v1/features/views/{name}', { params: path }).catch(() => undefined);
      if (view?.data !== undefined) {
        const { keys, features: each, ...rest } = view.data;
        printOne(context.output(), view.data, {
          ...rest,
          keys: keys.map((key) => `${key.name} ${key.type}`).join(', '),
          features: each.map((feature) => `${feature.name} ${feature.type}`).join(', '),
        });
        return;
      }
      const service = await data(platform.GET('/api/v1/features/services/{name}', { params: path }));
      printOne(context.output(), service, {
        ...service,
        keys: service.keys.join(', '),
        features: service.features.map((each) => `${each.view}: ${each.features.join(', ')}`).join('; '),
      });
    });
}

function exportCommand(features: Command, context: Context): void {
  features
    .command('export')
    .description('write the definitions of a folder into Feast’s registry, without a platform')
    .argument('<folder>', 'folder with YAML files, in folders of it as well')
    .requiredOption('--registry <path>', 'a file, or postgres://…; what it has of other projects stays')
    .option('--project <name>', 'Feast’s project', 'default')
    .action(async (folder: string, { registry, project }: { registry: string; project: string }) => {
      const { readSource, writeDefinitions } = await import('@mlops/features');
      const left = await readSource({ kind: 'yaml', folder, project })
        .then((defined) => writeDefinitions(registry, defined))
        .catch((error: Error) => {
          throw error.name === 'PlatformError' ? new CommandError(error.message, { cause: error }) : error;
        });
      if (left.length > 0) context.output().warn(`mlops: Feast has no views without a history: ${left.join(', ')}.\n`);
      printOne(context.output(), { registry, project, left_out: left }, { written: registry, project });
    });
}

function valueCommands(features: Command, context: Context): void {
  features
    .command('get')
    .description('the newest values of one row')
    .option('--service <name>', 'a feature service')
    .option('--features <list>', 'VIEW:FEATURE,…, in place of a service')
    .option('--entity <key=value>', 'a key column with its value; may be repeated', collect, {})
    .action(async (options: { service?: string; features?: string; entity: Record<string, string> }) => {
      const { platform, data } = context.connection();
      const entities = Object.fromEntries(Object.entries(options.entity).map(([key, value]) => [key, [value]]));
      const body = { entities, ...selection(options) };
      const { rows } = await data(platform.POST('/api/v1/features/online', { body }));
      const [row] = rows;
      const names = Object.keys(row?.values ?? {});
      const shown = names.map((name) => ({
        name,
        value: row?.values[name],
        status: row?.statuses[name],
        time: row?.event_timestamps[name],
      }));
      printList(context.output(), shown, {
        feature: (item) => item.name,
        value: (item) => item.value,
        status: (item) => item.status,
        time: (item) => item.time,
      });
    });
  features
    .command('materialize')
    .description('copy the newest rows into the online store: since the last time, or of a stretch of event time')
    .argument('[views...]', 'default: all that are kept online')
    .option('--start <time>', 'from this event time on (RFC 3339)')
    .option('--end <time>', 'up to this event time; default: now')
    .action(async (views: string[], { start, end }: { start?: string; end?: string }) => {
      const { platform, data } = context.connection();
      const body = {
        ...(views.length === 0 ? {} : { views }),
        ...(start === undefined ? {} : { start }),
        ...(end === undefined ? {} : { end }),
      };
      const work = data(platform.POST('/api/v1/features/materialisations', { body }));
      const { views: written } = await withProgress('materialising', work);
      printList(context.output(), written, { view: (item) => item.view, rows: (item) => item.rows });
    });
  features
    .command('statistics')
    .description('what the history of a view holds')
    .argument('<view>')
    .action(async (name: string) => {
      const { platform, data } = context.connection();
      const call = platform.GET('/api/v1/features/views/{name}/statistics', { params: { path: { name } } });
      const found = await data(call);
      const { json, write } = context.output();
      if (json) write(`${JSON.stringify(found, null, 2)}\n`);
      else {
        write(`${found.rows} rows, ${found.first_event ?? '-'} to ${found.last_event ?? '-'}\n`);
        printList(context.output(), found.features, {
          feature: (item) => item.feature,
          nulls: (item) => item.nulls,
          distinct: (item) => item.distinct,
          min: (item) => item.min,
          max: (item) => item.max,
          mean: (item) => item.mean,
          stddev: (item) => item.stddev,
        });
      }
    });
  features
    .command('erase')
    .description('forget all that the online store keeps of one entity')
    .requiredOption('--entity <key=value>', 'a key column with its value; may be repeated', collect, {})
    .option('--receipt <file>', 'also write what was found to a file')
    .action(async ({ entity, receipt }: { entity: Record<string, string>; receipt?: string }) => {
      const { platform, data } = context.connection();
      const found = await data(platform.POST('/api/v1/features/erasures', { body: { entity_key: entity } }));
      if (receipt !== undefined) await writeFile(receipt, `${JSON.stringify(found, null, 2)}\n`);
      printOne(context.output(), found, { online: found.online.join(', ') || 'nothing was there' });
    });
}

function collect(pair: string, before: Record<string, string>): Record<string, string> {
  const at = pair.indexOf('=');
  if (at < 1) throw new CommandError(`--entity is KEY=VALUE, not '${pair}'.`);
  return { ...before, [pair.slice(0, at)]: pair.slice(at + 1) };
}
