import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { createPlatformClient } from '@mlops/sdk';

const NAME = 'flight-delays';
const TRAFFIC = join(import.meta.dirname, '../traffic.ndjson.gz');
const ACTUALS_MAX = 200;

interface Flight {
  readonly key: string;
  readonly departure: string;
  /** When the aircraft has arrived and the truth is known; null for flights that never did. */
  readonly known_at: string | null;
  readonly inputs: Readonly<Record<string, string | number | null>>;
  readonly late: 0 | 1 | null;
}

export interface ReplayOptions {
  readonly signal?: AbortSignal;
  /** Flights to replay; default: all of the slice. */
  readonly flights?: number;
  /** How much faster than July 2013; default 1800: half an hour in a second. */
  readonly speed?: number;
  /** Sent with each request; default: none. */
  readonly token?: string;
}

/** Sends July's flights to the deployment as they were scheduled, and the truth about each when it had arrived. */
export async function replayTraffic(url: string, options: ReplayOptions = {}): Promise<void> {
  const { signal, speed = 1800, token } = options;
  const flights = (await readFlights()).slice(0, options.flights);
  const platform = createPlatformClient(url, token === undefined ? {} : { token });
  const start = Date.parse(flights[0]?.departure ?? '');
  const begun = Date.now();
  /** Arrivals that are still to come, the next one last. */
  let flying: Flight[] = [];

  const reportArrivals = async (now: number): Promise<void> => {
    const landed = flying.filter((flight) => Date.parse(flight.known_at ?? '') <= now);
    flying = flying.filter((flight) => !landed.includes(flight));
    for (let i = 0; i < landed.length; i += ACTUALS_MAX) {
      const actuals = landed.slice(i, i + ACTUALS_MAX).map(({ key, late }) => ({ key, value: late ?? 0 }));
      await platform.POST('/api/v1/deployments/{name}/actuals', {
        params: { path: { name: NAME } },
        body: { actuals },
      });
    }
  };

  for (const flight of flights) {
    const due = begun + (Date.parse(flight.departure) - start) / speed;
    if (due > Date.now()) await wait(due - Date.now(), undefined, signal ? { signal } : {});
    signal?.throwIfAborted();
    await predict(url, flight, token);
    if (flight.known_at !== null) flying.push(flight);
    await reportArrivals(Date.parse(flight.departure));
  }
  await reportArrivals(Number.POSITIVE_INFINITY);
}

async function predict(url: string, { key, inputs }: Flight, token: string | undefined): Promise<void> {
  const response = await fetch(`${url}/api/v1/deployments/${NAME}/invocations`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ dataframe_records: [{ flight: key, ...inputs }] }),
  });
  if (!response.ok) throw new Error(`${key}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

async function readFlights(): Promise<Flight[]> {
  const text = (await promisify(gunzip)(await readFile(TRAFFIC))).toString('utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Flight);
}
