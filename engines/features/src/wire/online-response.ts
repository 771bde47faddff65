import type { OnlineColumn, OnlineFeatures } from '../retrieval/online.ts';
import { valueToJson } from '../values/decode.ts';
import { formatInstant, type Instant } from '../values/instant.ts';

/**
 * Feast's answer as JSON text: one entry of `results` for each name, with a value, a status and a time for each row. The
 * text is put together by hand: values go from their stored bytes to it directly, and what columns share is written once.
 */
export function onlineResponse({ columns }: OnlineFeatures): string {
  const shared = new Map<readonly unknown[], string>();
  const once = <T>(items: readonly T[], write: (items: readonly T[]) => string) => {
    const text = shared.get(items) ?? write(items);
    shared.set(items, text);
    return text;
  };
  // Rows that were materialised together have the same time.
  const known = new Map<number, string>();
  const timeText = ({ seconds, nanos }: Instant) => {
    if (nanos !== 0) return formatInstant({ seconds, nanos });
    const text = known.get(seconds) ?? formatInstant({ seconds, nanos });
    known.set(seconds, text);
    return text;
  };
  const timesText = (instants: readonly Instant[]) => `"${instants.map(timeText).join('","')}"`;
  const results = columns.map(({ values, statuses, eventTimestamps }: OnlineColumn) => {
    const statusTexts = once(statuses, (items) => `"${items.join('","')}"`);
    const times = once(eventTimestamps, timesText);
    return `{"values":[${values.map(valueToJson).join(',')}],"statuses":[${statusTexts}],"event_timestamps":[${times}]}`;
  });
  const names = columns.map(({ name }) => JSON.stringify(name)).join(',');
  return `{"results":[${results.join(',')}],"metadata":{"feature_names":[${names}]}}`;
}
