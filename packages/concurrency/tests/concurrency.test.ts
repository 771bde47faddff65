import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Thread, ThreadEnded, Turns } from '../src/index.ts';

const program = new URL('./echo-worker.ts', import.meta.url);

describe('turns', () => {
  it('lets what has one key happen in order, also after a failure, and other keys beside it', async () => {
    const turns = new Turns();
    const seen: string[] = [];
    const say = (text: string, milliseconds: number) => async () => {
      await wait(milliseconds);
      seen.push(text);
    };
    const first = turns.take('a', say('a1', 40));
    const failing = turns.take('a', () => Promise.reject(new Error('no')));
    const third = turns.take('a', say('a2', 0));
    const other = turns.take('b', say('b1', 0));
    await expect(failing).rejects.toThrow('no');
    await Promise.all([first, third, other]);
    expect(seen).toEqual(['b1', 'a1', 'a2']);
  });
});

describe('a thread', () => {
  it('answers each request, and its errors keep their message and plain fields', async () => {
    const thread = new Thread<string, string>(program, { name: 'echo' });
    expect(await Promise.all([thread.send('one'), thread.send('two')])).toEqual(['one', 'two']);
    await expect(thread.send('fail')).rejects.toMatchObject({ message: 'failed', code: 'ODD', errcode: 13 });
    await thread.close();
    await expect(thread.send('late')).rejects.toBeInstanceOf(ThreadEnded);
  });

  it('tells whoever waits that it has ended, by itself, stopped or given up', async () => {
    const ended: string[] = [];
    const start = (name: string) => new Thread<string, string>(program, { name, onEnd: () => ended.push(name) });
    const [dying, hanging, lost] = [start('dying'), start('hanging'), start('lost')];
    await expect(dying.send('exit')).rejects.toBeInstanceOf(ThreadEnded);
    const stopped = hanging.send('hang');
    hanging.stop('too slow');
    await expect(stopped).rejects.toThrow('too slow');
    const abandoned = lost.send('slow');
    lost.abandon('given up');
    await expect(abandoned).rejects.toThrow('given up');
    await expect.poll(() => ended.sort()).toEqual(['dying', 'hanging']);
  });
});
