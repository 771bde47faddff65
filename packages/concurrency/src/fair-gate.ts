import { FairQueue } from './fair-queue.ts';

/** Lets so many through at a time; those who wait have their turns by lines. */
export class FairGate {
  readonly #queue = new FairQueue<() => void>();
  #free: number;

  constructor(capacity: number) {
    this.#free = capacity;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  take(line: string): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#queue.add(line, resolve));
  }

  give(): void {
    const next = this.#queue.take();
    if (next) next();
    else this.#free += 1;
  }
}
