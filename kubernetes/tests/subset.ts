/**
 * Where a live object lacks what is expected of it: paths with both values, empty where it has everything. Fields that
 * are not named are not compared; of a list every expected item must match the item at its place (kuttl's rule).
 */
export function missing(expected: unknown, live: unknown, path = ''): string[] {
  if (Array.isArray(expected)) {
    if (!Array.isArray(live)) return [`${path}: expected a list, found ${JSON.stringify(live)}`];
    if (live.length !== expected.length) return [`${path}: expected ${expected.length} items, found ${live.length}`];
    return expected.flatMap((item, index) => missing(item, live[index], `${path}[${index}]`));
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof live !== 'object' || live === null)
      return [`${path}: expected an object, found ${JSON.stringify(live)}`];
    return Object.entries(expected).flatMap(([key, value]) =>
      missing(value, (live as Record<string, unknown>)[key], `${path}.${key}`),
    );
  }
  // an empty string, false, zero or null may be left out by the server
  if (live === undefined && (expected === null || expected === '' || expected === false || expected === 0)) return [];
  return Object.is(expected, live) || sameQuantity(expected, live)
    ? []
    : [`${path}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(live)}`];
}

/** 0.5 and 500m, 1024Mi and 1Gi: the server writes quantities its own way. */
function sameQuantity(left: unknown, right: unknown): boolean {
  const [a, b] = [quantity(left), quantity(right)];
  return a !== undefined && a === b;
}

const SUFFIXES: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A quantity of resources in base units; undefined for anything else. */
function quantity(value: unknown): number | undefined {
  const match = /^([0-9.]+)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(String(value));
  return match ? Number(match[1]) * (SUFFIXES[match[2] ?? ''] ?? 1) : undefined;
}
