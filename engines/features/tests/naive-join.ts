/** A row of a source, or of what is asked for; moments in whole seconds. */
export interface SourceRow {
  readonly key: string;
  readonly event: number;
  readonly created: number;
  readonly value: number | null;
}

export interface Question {
  readonly key: string;
  readonly at: number;
}

/** The definition of a point-in-time join, looked up row by row; of rows that are equal in everything any value will do. */
export function naiveJoin(
  questions: readonly Question[],
  rows: readonly SourceRow[],
  { ttl, createdCutOff }: { readonly ttl: number; readonly createdCutOff: boolean },
): (number | null)[][] {
  return questions.map(({ key, at }) => {
    const candidates = rows.filter(
      (row) =>
        row.key === key &&
        row.event <= at &&
        (ttl === 0 || row.event >= at - ttl) &&
        (!createdCutOff || row.created <= at),
    );
    const event = Math.max(...candidates.map((row) => row.event));
    const newest = candidates.filter((row) => row.event === event);
    const created = Math.max(...newest.map((row) => row.created));
    const best = newest.filter((row) => row.created === created).map(({ value }) => value);
    return best.length === 0 ? [null] : best;
  });
}
