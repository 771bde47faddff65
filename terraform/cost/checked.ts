import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** A document that is as its schema says. Throws an error that names the file, the place and what is wrong there. */
export function checked<T extends TSchema>(schema: T, document: unknown, file: string): Static<T> {
  if (Value.Check(schema, document)) return document;
  const [first] = Value.Errors(schema, document);
  const wrong = first?.keyword === 'boolean' ? 'is not a known field' : first?.message;
  throw new Error(`${file}: ${first?.instancePath || 'the document'} ${wrong ?? 'is not as its schema says'}`);
}
