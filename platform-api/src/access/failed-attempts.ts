import { PlatformError } from '@mlops/errors';

const WINDOW_MILLISECONDS = 60_000;
/** Failures in a window after which nobody is told any more that they have failed: of one address, under one name. */
const OF_ADDRESS_MAX = 30;
const OF_NAME_MAX = 10;
const REMEMBERED_MAX = 20_000;

/**
 * Counts sign-ins that fail. Whoever fails too often is refused without being looked at; who has what is valid passes,
 * wherever they come from.
 */
export class FailedAttempts {
  readonly #failures = new Map<string, { count: number; readonly until: number }>();

  /** Counts a failure of an address, and of the name that was claimed. @throws TOO_MANY_ATTEMPTS */
  count(ip: string, name: string | undefined): void {
    const now = Date.now();
    const full = [
      this.#add(`ip ${ip}`, OF_ADDRESS_MAX, now),
      ...(name === undefined ? [] : [this.#add(`name ${name.slice(0, 200)}`, OF_NAME_MAX, now)]),
    ].find((window) => window !== undefined);
    if (!full) return;
    const wait = (full.until - now) / 1000;
    throw new PlatformError('TOO_MANY_ATTEMPTS', 'Too many sign-ins have failed; wait before the next one.', {
      data: { retry_after_seconds: Math.ceil(wait) },
    });
  }

  /** @returns the window, if it is full */
  #add(key: string, most: number, now: number): { readonly until: number } | undefined {
    const window = this.#window(key, now);
    window.count += 1;
    return window.count > most ? window : undefined;
  }

  #window(key: string, now: number): { count: number; readonly until: number } {
    const known = this.#failures.get(key);
    if (known && known.until > now) return known;
    if (this.#failures.size >= REMEMBERED_MAX) this.#failures.clear();
    const window = { count: 0, until: now + WINDOW_MILLISECONDS };
    this.#failures.set(key, window);
    return window;
  }
}
