import type { Rule } from '../component.ts';
import { compute } from './compute.ts';
import { data } from './data.ts';
import { network } from './network.ts';
import { operations } from './operations.ts';

export { free } from './free.ts';

/** Resource type → how it is priced. */
export const rules: Readonly<Record<string, Rule>> = { ...compute, ...data, ...network, ...operations };
