import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@mlops/testing';
import { Analytics } from '../src/offline/analytics.ts';

const HOUR = 3_600_000;
/** The last full hour: what the history is told relative to. */
export const NOW = Math.floor(Date.now() / HOUR) * HOUR;

/** A moment so many hours before `NOW`, as in ISO 8601. */
export function ago(hours: number): string {
  return new Date(NOW - hours * HOUR).toISOString();
}

/** Writes a Parquet file of what a query answers. */
export async function writeParquet(query: string, target: string): Promise<void> {
  const scratch = temporaryFolder();
  const analytics = new Analytics(scratch.path);
  await analytics.run((connection) => connection.execute(`copy (${query}) to '${target}' (format parquet)`));
  await analytics.close();
  scratch.remove();
}

const time = (hours: number) => `timestamp '${ago(hours).slice(0, -1)}'`;

/** A folder with the definitions and the history that they name. */
export async function makeRepository(): Promise<{ path: string; remove: () => void }> {
  const folder = temporaryFolder();
  cpSync(join(import.meta.dirname, 'definitions'), folder.path, { recursive: true });
  await writeParquet(
    `select * from (values
      (1001::bigint, ${time(30)}, ${time(30)}, 0.25::float, 10::bigint, 'old'),
      (1001, ${time(3)}, ${time(3)}, 0.5, 20, 'was corrected'),
      (1001, ${time(3)}, ${time(2)}, 0.75, 21, 'Ann'),
      (1002, ${time(4)}, ${time(4)}, 0.125, 9007199254740993, null),
      (1003, ${time(200)}, ${time(200)}, 1.0, 3, 'long ago')
    ) as t(driver_id, event_timestamp, created, conv_rate, trips, nickname)`,
    join(folder.path, 'drivers.parquet'),
  );
  await writeParquet(
    `select * from (values
      (1::bigint, 'a', ${time(5)}, 1.5::double, ['x', 'y'], true),
      (1, 'b', ${time(5)}, 2.0, ['z'], false),
      (11, '', ${time(500)}, -0.25, ['é'], null)
    ) as t(customer_id, account, ordered_at, amount, items, paid)`,
    join(folder.path, 'orders.parquet'),
  );
  await writeParquet(
    `select * from (values (${time(8)}, 5::integer), (${time(7)}, 6)) as t(event_timestamp, drivers_online)`,
    join(folder.path, 'city.parquet'),
  );
  return folder;
}
