import type { Call } from '@mlops/operations';

/** A condition of governance on an operation. @throws GATE_REFUSED that says what is missing */
export type Gate = (call: Call) => Promise<void>;

/** The gates of each operation, by its name. A gate that cannot be evaluated throws, and so refuses. */
export class Gates {
  readonly #gates = new Map<string, Gate[]>();

  add(operation: string, gate: Gate): void {
    this.#gates.set(operation, [...(this.#gates.get(operation) ?? []), gate]);
  }

  async check(call: Call): Promise<void> {
    for (const gate of this.#gates.get(call.name) ?? []) await gate(call);
  }
}
