/** A name for SQL. */
export function name(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** Text for SQL. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
