import type { Metrics } from '@mlops/service';
import { Counter } from '@prometheus-io/client';

/** Counts what each team uses: operations by name and outcome, and the time they took. */
export class Meter {
  readonly #operations: Counter<'team' | 'operation' | 'outcome'>;
  readonly #seconds: Counter<'team' | 'operation'>;

  constructor(registry: Metrics) {
    this.#operations = new Counter({
      name: 'mlops_operations_total',
      help: 'Operations of all protocols by team, name and outcome.',
      labelNames: ['team', 'operation', 'outcome'],
      registers: [registry],
    });
    this.#seconds = new Counter({
      name: 'mlops_operation_seconds_total',
      help: 'Time spent in operations by team and name.',
      labelNames: ['team', 'operation'],
      registers: [registry],
    });
  }

  count(team: string, operation: string, outcome: string, milliseconds: number): void {
    this.#operations.inc({ team, operation, outcome });
    this.#seconds.inc({ team, operation }, milliseconds / 1000);
  }
}
