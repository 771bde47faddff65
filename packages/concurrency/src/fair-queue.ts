/** A queue in which each line has its turn: who adds much to one delays the others by one item at a time. */
export class FairQueue<T> {
  /** In the order of their turns. */
  readonly #lines = new Map<string, T[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How many wait in a line. */
  waiting(line: string): number {
    return this.#lines.get(line)?.length ?? 0;
  }

  add(line: string, item: T): void {
    const waiting = this.#lines.get(line);
    if (waiting) waiting.push(item);
    else this.#lines.set(line, [item]);
    this.#size += 1;
  }

  /** What `take` would give. */
  get next(): T | undefined {
    for (const [first] of this.#lines.values()) return first;
    return undefined;
  }

  take(): T | undefined {
    for (const [line, items] of this.#lines) {
      const item = items.shift();
      // Its next turn comes after those of all others.
      this.#lines.delete(line);
      if (items.length > 0) this.#lines.set(line, items);
      this.#size -= 1;
      return item;
    }
    return undefined;
  }
}
