import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { checked } from './checked.ts';

const Price = Type.Object(
  {
    /** In the book's currency for one unit. */
    price: Type.Number({ minimum: 0 }),
    unit: Type.String({ minLength: 1 }),
    /** Key of `sources`. */
    source: Type.String(),
  },
  { additionalProperties: false },
);

const Document = Type.Object(
  {
    /** The day the prices were last compared with their sources. */
    version: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }),
    currency: Type.Literal('USD'),
    /** Regions in which these prices hold. */
    regions: Type.Array(Type.String(), { minItems: 1 }),
    hoursPerMonth: Type.Number({ exclusiveMinimum: 0 }),
    /** Kubernetes version → the day on which extended support, and its price, begins. */
    eksStandardSupportUntil: Type.Record(Type.String(), Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' })),
    /** First part of a price's key → what people call that service. */
    services: Type.Record(Type.String(), Type.String()),
    sources: Type.Record(Type.String(), Type.String({ minLength: 1 })),
    prices: Type.Record(Type.String({ pattern: '^[a-z0-9]+\\.[a-z0-9.-]+$' }), Price),
  },
  { additionalProperties: false },
);

export type PriceBook = Static<typeof Document>;

/** There is no such price. What needed it is reported by name, not counted as nothing. */
export class PriceMissing extends Error {
  constructor(key: string) {
    super(`the price book has no ${key}`);
  }
}

/**
 * The price book of a file; without one, the one that comes with this program.
 * @throws Error that names the file and the first thing that is wrong with it.
 */
export function readPriceBook(file: string = join(import.meta.dirname, 'prices.json')): PriceBook {
  const book = checked(Document, JSON.parse(readFileSync(file, 'utf8')), file);
  for (const [key, { source }] of Object.entries(book.prices)) {
    if (!(source in book.sources)) throw new Error(`${file}: ${key} names the source "${source}", which is not listed`);
    if (!(serviceKey(key) in book.services)) throw new Error(`${file}: ${key} belongs to no listed service`);
  }
  return book;
}

/** @throws PriceMissing */
export function priceOf(book: PriceBook, key: string): { readonly price: number; readonly unit: string } {
  const found = book.prices[key];
  if (!found) throw new PriceMissing(key);
  return found;
}

/** What people call the service that a price belongs to. */
export const serviceOf = (book: PriceBook, key: string): string => book.services[serviceKey(key)] ?? key;

const serviceKey = (key: string) => key.slice(0, key.indexOf('.'));
