import { readFile } from 'node:fs/promises';

/** What a metric of a run must be. */
export interface MetricRule {
  readonly metric: string;
  readonly better: 'higher' | 'lower';
  /** The worst value that is good enough by itself. */
  readonly bound: number;
  /** How much worse than the version in service it may be: what two trainings on the same data differ by. */
  readonly tolerance: number;
}

/** What a model must be to come into service, and to stay there: `cicd/models/NAME.json`. */
export interface Rules {
  readonly metrics: readonly MetricRule[];
  /** Tags of the run that say where the model comes from. */
  readonly lineage: readonly string[];
  /** What is watched after a promotion, over the predictions of the new revision. */
  readonly service: {
    /** The share of predictions that may fail, 0 to 1. */
    readonly errors: number;
    /** 95 of 100 predictions are answered within this, in milliseconds. */
    readonly p95: number;
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Reads the rules of a model. @throws naming the file and what is wrong with it; a model without rules has none to pass. */
export async function rulesOf(file: string): Promise<Rules> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(`there are no rules for this model: write ${file}`);
  });
  const rules = JSON.parse(text) as unknown;
  const { metrics, lineage, service } = isRecord(rules) ? rules : {};
  const isMetric = (one: unknown) =>
    isRecord(one) &&
    typeof one['metric'] === 'string' &&
    (one['better'] === 'higher' || one['better'] === 'lower') &&
    Number.isFinite(one['bound']) &&
    Number(one['tolerance']) >= 0;
  if (!Array.isArray(metrics) || metrics.length === 0 || !metrics.every(isMetric))
    throw new Error(`${file}: metrics is a list of { metric, better: "higher" or "lower", bound, tolerance }`);
  if (!Array.isArray(lineage) || lineage.some((tag) => typeof tag !== 'string'))
    throw new Error(`${file}: lineage is a list of names of tags`);
  if (!isRecord(service) || !(Number(service['errors']) >= 0) || !(Number(service['p95']) > 0))
    throw new Error(`${file}: service is { errors, p95 }`);
  return rules as Rules;
}
