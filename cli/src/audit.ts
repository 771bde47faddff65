import { createReadStream } from 'node:fs';
import { openCheckpoint, type TreeHead, verifyLines } from '@mlops/audit-chain';
import type { Command } from 'commander';
import { CommandError } from './connection.ts';
import type { Context } from './context.ts';
import { readText, unreadable } from './files.ts';
import { printList } from './output.ts';

interface Search {
  readonly limit: number;
  readonly actor?: string;
  readonly action?: string;
  readonly resource?: string;
  readonly since?: string;
  readonly until?: string;
}

/** `payments/3` has a slash of its own. */
function firstSlash(resource: string): string[] {
  const at = resource.indexOf('/');
  return at < 0 ? [resource] : [resource.slice(0, at), resource.slice(at + 1)];
}

/** audit list|export|verify */
export function auditCommands(program: Command, context: Context): void {
  const audit = program.command('audit').description('who changed what, in a chain that can be verified');
  audit
    .command('list')
    .option('--limit <number>', 'how many', Number, 20)
    .option('--actor <id>', 'who did it')
    .option('--action <name>', 'such as createDeployment')
    .option('--resource <type>', 'such as deployment, or deployment/payments')
    .option('--since <time>', 'such as 2026-06-30T12:00:00Z; from then on')
    .option('--until <time>', 'before then')
    .action(async ({ resource, ...search }: Search) => {
      const [resource_type, resource_id] = resource === undefined ? [] : firstSlash(resource);
      const query = {
        ...search,
        ...(resource_type === undefined ? {} : { resource_type }),
        ...(resource_id === undefined ? {} : { resource_id }),
      };
      const { platform } = context.connection();
      const { entries } = await context.connection().data(platform.GET('/api/v1/audit', { params: { query } }));
      printList(context.output(), entries, {
        '#': (entry) => entry.sequence,
        time: (entry) => entry.time,
        who: (entry) => entry.actor.id,
        action: (entry) => entry.action,
        resource: (entry) => `${entry.resource.type} ${entry.resource.id}`,
        outcome: (entry) => entry.outcome,
      });
    });
  audit
    .command('export')
    .description('print the whole chain as JSON lines')
    .action(async () => {
      const { body } = await context.connection().raw('/api/v1/audit/export');
      const decoder = new TextDecoder();
      for await (const chunk of body ?? []) context.output().write(decoder.decode(chunk, { stream: true }));
    });
  audit
    .command('checkpoint')
    .description('print the newest signed checkpoint; keep it elsewhere, with the keys that --keys prints')
    .option('--keys', 'print the public keys instead')
    .action(async ({ keys = false }: { keys?: boolean }) => {
      const { platform, data } = context.connection();
      const newest = await data(platform.GET('/api/v1/audit/checkpoint', {}));
      const { json, write } = context.output();
      const text = keys ? `${newest.verifier_keys.join('\n')}\n` : newest.checkpoint;
      write(json ? `${JSON.stringify(newest)}\n` : text);
    });
  audit
    .command('verify')
    .description('verify an export, without a platform: exits 1 and says which entry is wrong')
    .argument('<file>', 'what `mlops audit export` has printed')
    .option('--last-hash <hash>', 'a copy of the last hash, kept elsewhere: finds entries that were cut off the end')
    .option('--checkpoint <file>', 'a checkpoint, kept elsewhere: finds what was rewritten or cut off since')
    .option('--keys <file>', 'the public keys, one in a line, that the checkpoint must be signed by')
    .action(async (file: string, { lastHash, checkpoint, keys }: VerifyOptions) => {
      const head = checkpoint === undefined ? undefined : await readCheckpoint(checkpoint, keys);
      const verdict = await verifyLines(linesOf(file), head);
      const { json, write } = context.output();
      if (json) write(`${JSON.stringify(verdict)}\n`);
      if (!verdict.ok) throw new CommandError(`${file}, line ${verdict.line}: ${verdict.reason}.`);
      if (verdict.entries === 0) throw new CommandError(`${file} holds no entries.`);
      if (lastHash !== undefined && lastHash !== verdict.lastHash) {
        const found = `entry ${verdict.entries} has ${verdict.lastHash}, not ${lastHash}`;
        throw new CommandError(`${file} does not end as the copy of the last hash says: ${found}.`);
      }
      const signed = head === undefined ? '' : ` The first ${head.size} are those of the checkpoint.`;
      if (!json) write(`${verdict.entries} entries, unbroken.${signed} Last hash: ${verdict.lastHash}\n`);
    });
}

interface VerifyOptions {
  readonly lastHash?: string;
  readonly checkpoint?: string;
  readonly keys?: string;
}

/** A signature without a key that is known from elsewhere proves nothing. @throws CommandError */
async function readCheckpoint(file: string, keys: string | undefined): Promise<TreeHead> {
  if (keys === undefined) throw new CommandError('--checkpoint needs --keys: the public keys, kept elsewhere.');
  const known = (await readText(keys)).split('\n').filter((line) => line.trim() !== '');
  try {
    return openCheckpoint(await readText(file), known);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${file}: ${(error as Error).message}.`);
  }
}

/** A text file, line by line. @throws CommandError when it cannot be read */
async function* linesOf(file: string): AsyncGenerator<string> {
  let unfinished = '';
  try {
    for await (const chunk of createReadStream(file, { encoding: 'utf8' })) {
      const [first = '', ...more] = String(chunk).split('\n');
      const last = more.pop();
      unfinished += first;
      if (last === undefined) continue;
      yield unfinished;
      yield* more;
      unfinished = last;
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  if (unfinished !== '') yield unfinished;
}
