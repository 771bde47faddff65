import { expect, it } from 'vitest';
import { FairGate, FairQueue } from '../src/index.ts';

it('a queue gives each line its turn, and each line keeps its order', () => {
  const queue = new FairQueue<string>();
  for (const item of ['a1', 'a2', 'a3', 'b1', 'a4', 'c1', 'b2']) queue.add(item.slice(0, 1), item);
  expect([queue.size, queue.waiting('a'), queue.waiting('d'), queue.next]).toEqual([7, 4, 0, 'a1']);
  const order: string[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) order.push(item);
  expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  expect([queue.size, queue.next, queue.take()]).toEqual([0, undefined, undefined]);
});

it('a gate lets so many through, and then whoever has the turn', async () => {
  const gate = new FairGate(2);
  const through: string[] = [];
  const ask = (line: string, name: string) => gate.take(line).then(() => through.push(name));
  const all = [ask('a', 'a1'), ask('a', 'a2'), ask('a', 'a3'), ask('a', 'a4'), ask('b', 'b1')];
  await Promise.all(all.slice(0, 2));
  expect([through, gate.waiting]).toEqual([['a1', 'a2'], 3]);
  for (let i = 0; i < 5; i++) gate.give();
  await Promise.all(all);
  expect([through.slice(2), gate.waiting]).toEqual([['a3', 'b1', 'a4'], 0]);
});
