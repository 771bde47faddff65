import type { PlanView } from './plan-view.ts';

/** A clause of a standard or of a decision record: 45 CFR 164, CIS AWS Foundations 3.0.0, ours, or what AWS itself enforces. */
export type Clause = `HIPAA ${string}` | `CIS ${string}` | `ADR-${string}` | 'AWS limits';

export interface Violation {
  readonly address: string;
  readonly message: string;
}

/** A rule on a plan, and what it proves. */
export interface Policy {
  readonly id: string;
  readonly title: string;
  readonly proves: readonly Clause[];
  /** Types that the rule looks at. A plan that lacks one of them is refused: what is not there is not secured. */
  readonly needs: readonly string[];
  /** Where AWS says so; each rule that proves 'AWS limits' has one. */
  readonly source?: string;
  /** Parts of the account's baseline that the rule is about; it does not apply where the organisation has them. */
  readonly baseline?: readonly ('config' | 'guardduty' | 'security_hub')[];
  /** Where the rule applies; everywhere by default. */
  readonly environments?: readonly string[];
  readonly check: (plan: PlanView) => Violation[];
}

/** The same complaint about every resource that is not as it should be. */
export const refuse = <T extends { readonly address: string }>(
  resources: readonly T[],
  wrong: (resource: T) => boolean,
  message: string,
): Violation[] => resources.filter(wrong).map(({ address }) => ({ address, message }));

/** A complaint about the plan as a whole. */
export const missing = (wrong: boolean, message: string): Violation[] =>
  wrong ? [{ address: 'the plan', message }] : [];
