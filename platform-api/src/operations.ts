import { featureOperations } from '@mlops/features';
import { inferenceOperations } from '@mlops/inference';
import type { Access, Operation } from '@mlops/operations';
import { artifactOperations, trackingOperations } from '@mlops/tracking';
import { accessOperations, statusOperations } from './administration/index.ts';
import { type ApiGroup, openApiDocument } from './api/index.ts';
import { auditOperations } from './audit/index.ts';
import { deploymentOperations } from './deployments/index.ts';
import { featureApiOperations } from './features/index.ts';
import { jobOperations } from './jobs/index.ts';
import { policyOperations } from './policies/index.ts';
import { predictionOperations } from './predictions/index.ts';
import { quotaOperations } from './quotas/index.ts';
import { sessionOperations } from './sessions/index.ts';
import { teamOperations } from './teams/index.ts';
import { tokenOperations } from './tokens/index.ts';

/** The platform's own API. */
export const apiGroups: readonly ApiGroup[] = [
  { name: 'deployment', description: 'Models into service, and out of it.', tables: [deploymentOperations] },
  {
    name: 'features',
    description: 'Features of entities: defined, materialised, served.',
    tables: [featureApiOperations],
  },
  { name: 'monitoring', description: 'What was predicted, and what came true.', tables: [predictionOperations] },
  {
    name: 'administration',
    description: 'Teams, people, what they may do and what they have done; jobs, and how the platform is.',
    tables: [
      teamOperations,
      tokenOperations,
      sessionOperations,
      accessOperations,
      policyOperations,
      quotaOperations,
      auditOperations,
      jobOperations,
      statusOperations,
    ],
  },
];

/** The same as one OpenAPI document. */
export const openApi = openApiDocument(apiGroups);

const everyOperation = new Map<string, Operation>(
  [
    ...apiGroups.flatMap(({ tables }) => tables),
    trackingOperations,
    artifactOperations,
    inferenceOperations,
    featureOperations,
  ].flatMap((table) => Object.entries(table)),
);

/** What an operation of any protocol needs, by its name: names are unique. Undefined for one that there is not. */
export function accessOf(operation: string): Access | undefined {
  return everyOperation.get(operation)?.access;
}
