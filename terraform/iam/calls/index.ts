import { type Caller, forbidden, type Names } from './call.ts';
import { karpenter } from './karpenter.ts';
import { loadBalancers } from './load-balancers.ts';
import { volumeDriver } from './volume-driver.ts';
import { workloads } from './workloads.ts';

/** The roles of pods: what each needs and what each must not, besides what none may. */
export const pods = (names: Names): Caller[] =>
  [karpenter(names), loadBalancers(names), volumeDriver(names), ...workloads(names)].map((one) => ({
    ...one,
    dangerous: [...one.dangerous, ...forbidden(names)],
  }));

export type { Caller, Names } from './call.ts';
export { services } from './services.ts';
export { workflows } from './workflows.ts';
