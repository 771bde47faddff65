import { join } from 'node:path';
import { PlatformError } from '@mlops/errors';

/**
 * Where sealed predictions are kept: as the setting says; else beside the artifacts where those are in S3, never among
 * them (whoever reads artifacts would read predictions); else in the data folder. @throws INVALID_PARAMETER
 */
export function predictionLogPlace(
  settings: { artifacts?: string | undefined; 'prediction-log'?: string | undefined },
  data: string,
): string {
  const { artifacts, 'prediction-log': own } = settings;
  if (own !== undefined) return own;
  if (artifacts === undefined) return join(data, 'predictions');
  const [, bucket, prefix] = /^s3:\/\/([^/]+)\/*(.*?)\/*$/.exec(artifacts) ?? [];
  if (!prefix) {
    const message = `prediction-log: artifacts take the whole bucket ${artifacts}; say where predictions are kept, such as s3://OTHER-BUCKET/predictions.`;
    throw new PlatformError('INVALID_PARAMETER', message, { field: 'prediction-log' });
  }
  return `s3://${bucket}/${prefix}-predictions`;
}
