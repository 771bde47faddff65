import type { Connection } from './connection.ts';
import type { Output } from './output.ts';

/** What every command needs, once the options are known. */
export interface Context {
  readonly connection: () => Connection;
  readonly output: () => Output;
}
