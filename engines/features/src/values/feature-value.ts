/** A feature's value in this process: integers beyond 2^53 are bigints, timestamps are whole seconds since 1970. */
export type FeatureValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly FeatureValue[]
  | FeatureMap
  | ZonedTimestamp;

export interface FeatureMap {
  readonly [name: string]: FeatureValue;
}

/** A moment with the zone that it was told in. */
export class ZonedTimestamp {
  readonly seconds: number;
  /** An IANA name, or an offset as `+02:00`. */
  readonly zone: string;

  constructor(seconds: number, zone: string) {
    this.seconds = seconds;
    this.zone = zone;
  }
}

export function isFeatureMap(value: FeatureValue): value is FeatureMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof ZonedTimestamp)
  );
}
