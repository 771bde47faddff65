import { type ErrorCode, PlatformError } from '@mlops/errors';

/** Feast's own errors, which its client builds again from their names. */
type FeastErrorClass =
  | 'FeatureViewNotFoundException'
  | 'FeatureServiceNotFoundException'
  | 'FeatureNameCollisionError'
  | 'PushSourceNotFoundException'
  | 'FeastObjectNotFoundException';

/** A refusal that Feast's client knows by its class. */
export function feastRefusal(feastClass: FeastErrorClass, code: ErrorCode, message: string): PlatformError {
  return new PlatformError(code, message, { data: { feast_error: feastClass } });
}

export function noSuchView(name: string, project: string): PlatformError {
  return feastRefusal(
    'FeatureViewNotFoundException',
    'NOT_FOUND',
    `Feature view ${name} does not exist in project ${project}`,
  );
}

export function noSuchService(name: string, project: string): PlatformError {
  return feastRefusal(
    'FeatureServiceNotFoundException',
    'NOT_FOUND',
    `Feature service ${name} does not exist in project ${project}`,
  );
}

/** @param field the parameter, as the caller wrote it */
export function invalid(field: string, message: string): PlatformError {
  return new PlatformError('INVALID_PARAMETER', `${field}: ${message}`, { field });
}
