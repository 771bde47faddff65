import { invalid } from './validation.ts';

// MLflow has deprecated stages in favour of aliases; its clients can still set them.
const STAGES = ['None', 'Staging', 'Production', 'Archived'] as const;

/** A stage in its one spelling. @throws INVALID_PARAMETER */
export function canonicalStage(stage: string): string {
  const found = STAGES.find((known) => known.toLowerCase() === stage.toLowerCase());
  if (!found) {
    throw invalid('stage', `Invalid Model Version stage: ${stage}. Value must be one of ${STAGES.join(', ')}.`);
  }
  return found;
}
