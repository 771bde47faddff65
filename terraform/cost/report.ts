import type { Capacity, CapacityLine } from './capacity.ts';
import type { Workload } from './capacity-model.ts';
import { type Estimate, sum } from './estimate.ts';
import type { Saving } from './savings.ts';
import type { SeedComparison } from './seed.ts';

/** Resources that cost less than this a month share one line. */
const SMALL = 1;
const BAR = 24;

/** Dollars with cents, in groups of three: 1,234.50. */
const dollars = (amount: number) =>
  amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
/** Thousands of dollars: 6,496. */
const thousands = (amount: number) => Math.round(amount / 1000).toLocaleString('en-US');
const quantity = (amount: number) => amount.toLocaleString('en-US', { maximumFractionDigits: 1 });

type Cell = string | { readonly right: string };
const right = (text: string): Cell => ({ right: text });

/** Lines up columns; cells marked `right` end at one edge. */
function table(rows: readonly (readonly Cell[])[], indent = '  '): string[] {
  const width = (cell: Cell) => (typeof cell === 'string' ? cell : cell.right).length;
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => width(row[column] ?? ''))),
  );
  return rows.map((row) =>
    (
      indent +
      row
        .map((cell, column) =>
          typeof cell === 'string' ? cell.padEnd(widths[column] ?? 0) : cell.right.padStart(widths[column] ?? 0),
        )
        .join('  ')
    ).trimEnd(),
  );
}

const bar = (part: number, largest: number) =>
  '█'.repeat(Math.max(part > 0 ? 1 : 0, Math.round((part / largest) * BAR)));

/** The monthly estimate, by module and by resource, for people. */
export function reportEstimate(estimate: Estimate): string {
  const { environment, priceBook, resources, unknown, free, monthly } = estimate;
  const modules = [...Map.groupBy(resources, ({ module }) => module)]
    .map(([module, own]) => ({ module, own, monthly: sum(own) }))
    .sort((a, b) => b.monthly - a.monthly);
  const largest = modules[0]?.monthly ?? 0;
  return [
    `${environment}: ${dollars(monthly)} $ a month`,
    `Prices of ${priceBook.version}, without tax and commitments. Usage: ${estimate.usageBasis}.`,
    '',
    'By module',
    ...table(
      modules.map((one) => [
        one.module,
        right(dollars(one.monthly)),
        right(`${Math.round((100 * one.monthly) / monthly)} %`),
        bar(one.monthly, largest),
      ]),
    ),
    '',
    'By resource',
    ...table(modules.flatMap(({ module, own, monthly: subtotal }) => moduleRows(module, own, subtotal))),
    `total ${dollars(monthly)} $ a month, ${dollars(monthly * 12)} $ a year`,
    '',
    unknown.length === 0
      ? 'Every resource has a price or is free.'
      : `NOT IN THE TOTAL, because their price is unknown:\n${table(unknown.map(({ address, reason }) => [address, reason])).join('\n')}`,
    `Free by themselves: ${free.reduce((total, { count }) => total + count, 0)} resources of ${free.length} types (--json lists them with the reason).`,
  ].join('\n');
}

function moduleRows(module: string, own: Estimate['resources'], subtotal: number): Cell[][] {
  // the fifteen keys of a module, each of the same price, are one row
  const alike = [
    ...Map.groupBy(
      own,
      ({ address, lines }) => `${address.replaceAll(/\[[^\]]*\]/g, '')} ${JSON.stringify(lines)}`,
    ).values(),
  ]
    .map((group) => ({ group, monthly: sum(group) }))
    .sort((a, b) => b.monthly - a.monthly);
  const small = alike.filter(({ monthly }) => monthly < SMALL);
  const rows = alike
    .filter(({ monthly }) => monthly >= SMALL)
    .flatMap(({ group, monthly }): Cell[][] => {
      const [first] = group;
      const others = group.length > 1 ? ` and ${group.length - 1} like it, each:` : '';
      return [
        [
          `  ${first?.address.replace(new RegExp(`^.*?\\bmodule\\.${module}(?:\\[[^\\]]*\\])?\\.`), '')}${others}`,
          '',
          right(dollars(monthly)),
        ],
        ...(first?.lines ?? [])
          .filter((line) => line.monthly > 0)
          .map(({ item, quantity: used, unit, unitPrice, note }): Cell[] => [
            `    ${item}${note ? ` (${note})` : ''}`,
            right(`${quantity(used)} ${unit} × ${unitPrice}`),
          ]),
      ];
    });
  const few = small.flatMap(({ group }) => group);
  if (few.length > 0) rows.push([`  ${few.length} below ${SMALL} $`, '', right(dollars(sum(few)))]);
  return [[module, '', right(dollars(subtotal))], ...rows, []];
}

/** The seed's table beside ours, and what lies between the two totals. */
export function reportSeed({ rows, stated, reproduced, leftOut, offHours, monthly }: SeedComparison): string {
  const line = (label: string, seed: number | undefined, ours: number): Cell[] => [
    label,
    right(seed === undefined ? '' : dollars(seed)),
    right(dollars(ours)),
    right(seed === undefined ? '' : dollars(ours - seed)),
  ];
  return [
    "The seed's table, around the clock",
    ...table([
      ['', right('seed'), right('ours'), right('difference')],
      ...rows.map(({ item, stated: seed, ours }) => line(item, seed, ours)),
      line('total', stated, reproduced),
      [],
      ['what the seed leaves out'],
      ...leftOut.map(({ service, monthly: ours }) => line(`  ${service}`, undefined, ours)),
      line('stopped outside business hours', undefined, -offHours),
      line('our estimate', undefined, monthly),
    ]),
  ].join('\n');
}

/** Production's years beside what the seed states for them, and where savings lie. */
export function reportCapacity(
  years: readonly Capacity[],
  plan: { readonly monthly: number },
  oneMore: Readonly<Record<keyof Workload, number>>,
  levers: readonly Saving[],
): string {
  const [first] = years;
  if (!first) return '';
  const cells = (label: string, value: (year: Capacity) => string): Cell[] => [
    label,
    ...years.map((year) => right(value(year))),
  ];
  const at = (year: Capacity, index: number): CapacityLine => year.lines[index] as CapacityLine;
  return [
    `What it takes: the plan as it stands is ${dollars((plan.monthly * 12) / 1e6)} M$ a year; the seed's figures are a programme's, with people and licences`,
    ...table([
      cells('', ({ name }) => name),
      cells('teams', ({ workload }) => quantity(workload.teams)),
      cells('models', ({ workload }) => quantity(workload.models)),
      cells('predictions per second', ({ workload }) => quantity(workload.predictionsPerSecond)),
      cells('storage, TB', ({ workload }) => quantity(workload.storageTb)),
      [],
      ['quantity, and thousands of dollars a year'],
      ...first.lines.map((_, index) =>
        cells(
          `${at(first, index).item}, ${at(first, index).unit}`,
          (year) => `${quantity(at(year, index).quantity)}  ${thousands(at(year, index).yearly).padStart(6)}`,
        ),
      ),
      cells('infrastructure', (year) => thousands(year.infrastructure)),
      cells('people', (year) => thousands(year.programme.people)),
      cells('licences', (year) => thousands(year.programme.licences)),
      cells('training, operations', (year) => thousands(year.programme.training)),
      cells('total', (year) => thousands(year.yearly)),
      cells('the seed states', (year) => thousands(year.stated)),
      cells('difference', (year) => `${((100 * (year.yearly - year.stated)) / year.stated).toFixed(2)} %`),
    ]),
    '',
    `One more costs, a year, in ${first.name}`,
    ...table([
      ['team', right(dollars(oneMore.teams))],
      ['model', right(dollars(oneMore.models))],
      ['prediction per second', right(dollars(oneMore.predictionsPerSecond))],
      ['TB stored', right(dollars(oneMore.storageTb))],
    ]),
    '',
    `Where savings lie, thousands of dollars in ${first.name}; each lever alone, before support`,
    ...table([
      ['', right('in it'), right('further'), ''],
      ...levers.map(({ lever, taken, possible, formula }): Cell[] => [
        lever,
        right(thousands(taken)),
        right(thousands(possible)),
        formula,
      ]),
    ]),
  ].join('\n');
}
