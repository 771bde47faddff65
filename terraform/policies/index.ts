import type { Plan } from '../terraform.ts';
import { access } from './access.ts';
import { audit } from './audit.ts';
import { continuity } from './continuity.ts';
import { cost } from './cost.ts';
import { encryption } from './encryption.ts';
import { kubernetes } from './kubernetes.ts';
import { limits } from './limits/index.ts';
import { network } from './network.ts';
import { PlanView } from './plan-view.ts';
import type { Policy, Violation } from './policy.ts';

export const policies: readonly Policy[] = [
  ...access,
  ...audit,
  ...continuity,
  ...cost,
  ...encryption,
  ...kubernetes,
  ...limits,
  ...network,
];

export interface Refusal extends Violation {
  readonly policy: string;
}

/** What a plan violates. A policy whose resources are not in the plan is violated, too. */
export function refusals(plan: Plan): Refusal[] {
  const view = new PlanView(plan);
  const environment = String(view.variable('environment'));
  const baseline = view.variable('baseline') as readonly string[] | undefined;
  return policies
    .filter(({ environments }) => environments?.includes(environment) ?? true)
    .filter(({ baseline: parts = [] }) => parts.every((part) => baseline?.includes(part) ?? true))
    .flatMap(({ id, needs, check }) => {
      const absent = needs.filter((type) => view.of(type).length === 0);
      const found =
        absent.length > 0 ? absent.map((type) => ({ address: 'the plan', message: `has no ${type}` })) : check(view);
      return found.map((violation) => ({ policy: id, ...violation }));
    });
}
