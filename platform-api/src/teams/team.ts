import { PlatformError } from '@mlops/errors';
import type { Role } from '../access/index.ts';

export const complianceLevels = ['standard', 'hipaa', 'pci'] as const;
export const sizes = ['S', 'M', 'L'] as const;

/** A team: an MLflow workspace, a namespace of models, later a Feast project, in a cluster the namespace `team-NAME`. */
export interface Team {
  readonly name: string;
  readonly displayName: string;
  readonly costCenter: string;
  readonly complianceLevel: (typeof complianceLevels)[number];
  /** What it may use: see `Quotas`. */
  readonly size: (typeof sizes)[number];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly createdBy: string;
  readonly archivedAt: number | null;
}

/** Somebody in a team. */
export interface Member {
  readonly principal: string;
  readonly roles: readonly Role[];
  readonly addedAt: number;
  readonly addedBy: string;
}

/** With `team-` in front a name of Kubernetes with room to spare; MLflow wants two characters, and these not. */
const NAME = /^[a-z][-a-z0-9]{0,38}[a-z0-9]$/;
const RESERVED = new Set(['workspaces', 'api', 'ajax-api', 'static-files']);

/** @throws INVALID_PARAMETER */
export function checkTeamName(name: string): void {
  if (NAME.test(name) && !RESERVED.has(name)) return;
  throw new PlatformError(
    'INVALID_PARAMETER',
    `name: '${name.slice(0, 100)}' is not a team's name: 2 to 40 lower-case letters, digits and dashes, from a letter to a letter or digit; ${[...RESERVED].join(', ')} are taken.`,
    { field: 'name' },
  );
}
