const BELIEVED_MILLISECONDS = 500;
const REMEMBERED_MAX = 20_000;

/** Look-ups that are believed for half a second: what one process changes holds in all within this time. */
export class Believed<T> {
  readonly #known = new Map<string, { readonly value: T; readonly until: number }>();

  /** What is known under a key, or what `look` finds. */
  async get(key: string, look: () => Promise<T>): Promise<T> {
    const known = this.#known.get(key);
    if (known && known.until > Date.now()) return known.value;
    const value = await look();
    this.set(key, value);
    return value;
  }

  set(key: string, value: T): void {
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
    this.#known.set(key, { value, until: Date.now() + BELIEVED_MILLISECONDS });
  }

  forget(key: string): void {
    this.#known.delete(key);
  }
}
