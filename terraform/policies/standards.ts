import type { Clause } from './policy.ts';

/** HIPAA's technical safeguards, and the administrative ones that infrastructure can hold: 45 CFR 164.308, 312, 316. */
const hipaa: readonly Clause[] = [
  'HIPAA 164.308(a)(1)(ii)(D)',
  'HIPAA 164.308(a)(7)(ii)(A)',
  'HIPAA 164.308(a)(7)(ii)(B)',
  'HIPAA 164.308(a)(7)(ii)(C)',
  'HIPAA 164.312(a)(1)',
  'HIPAA 164.312(a)(2)(i)',
  'HIPAA 164.312(a)(2)(ii)',
  'HIPAA 164.312(a)(2)(iii)',
  'HIPAA 164.312(a)(2)(iv)',
  'HIPAA 164.312(b)',
  'HIPAA 164.312(c)(1)',
  'HIPAA 164.312(c)(2)',
  'HIPAA 164.312(d)',
  'HIPAA 164.312(e)(1)',
  'HIPAA 164.312(e)(2)(i)',
  'HIPAA 164.312(e)(2)(ii)',
  'HIPAA 164.316(b)(2)(i)',
];

const numbers = (chapter: string, last: number): Clause[] =>
  Array.from({ length: last }, (_, index): Clause => `CIS ${chapter}.${index + 1}`);

/** The recommendations of CIS AWS Foundations 3.0.0. */
const cis: readonly Clause[] = [
  ...numbers('1', 22),
  ...numbers('2.1', 4),
  ...numbers('2.2', 1),
  ...numbers('2.3', 3),
  ...numbers('2.4', 1),
  ...numbers('3', 9),
  ...numbers('4', 16),
  ...numbers('5', 6),
];

/** Every clause that a policy must prove or that `elsewhere` must account for. */
export const clauses: readonly Clause[] = [
  ...hipaa,
  ...cis,
  'ADR-003',
  'ADR-004',
  'ADR-007',
  'ADR-008',
  'ADR-009',
  'AWS limits',
];

const account = 'a setting of the account or its root user, which no Terraform resource holds';
const federated = 'there are no IAM users (no-people-in-iam); the identity provider holds this';

/** Clauses that no plan can prove, and where they are kept instead. */
export const elsewhere: Readonly<Partial<Record<Clause, string>>> = {
  'HIPAA 164.312(a)(2)(ii)': 'emergency access is a procedure of the platform, not of its infrastructure',
  'HIPAA 164.312(a)(2)(iii)': 'sessions of people end in the platform and in the identity provider',
  'CIS 1.1': account,
  'CIS 1.2': account,
  'CIS 1.3': account,
  'CIS 1.4': account,
  'CIS 1.5': account,
  'CIS 1.6': account,
  'CIS 1.7': 'watched by the alarm of CIS 4.3',
  'CIS 1.10': federated,
  'CIS 1.11': federated,
  'CIS 1.12': federated,
  'CIS 1.17': 'the role for AWS Support belongs to the organisation, not to an environment',
  'CIS 1.18': 'nodes and pods have roles (workloads-have-roles); there are no other instances',
  'CIS 1.19': 'certificates are made by cert-manager and ACM; none is uploaded to IAM',
  'CIS 1.21': federated,
  'CIS 1.22': 'no policy of ours grants CloudShell; people get their permissions from the organisation',
  'CIS 2.1.2': 'MFA Delete can be set by the root user only; object lock protects the audit bucket instead',
  'CIS 2.1.3': 'what data is sensitive is known by its zone and team; Macie is a choice of the organisation',
  'CIS 2.4.1': 'there is no EFS',
  'CIS 4.15': 'organisations are watched in their management account',
  'CIS 5.1': 'network ACLs are left at their defaults; security groups decide (no-entry-from-anywhere)',
  'CIS 5.5': 'no networks are peered',
};
