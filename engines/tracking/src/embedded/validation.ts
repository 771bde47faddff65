import { posix } from 'node:path';
import { PlatformError } from '@mlops/errors';

// MLflow's limits and names (mlflow/utils/validation.py). Long param and tag values are cut, as MLflow does by default.

const LIMITS = { metrics: 1000, params: 100, tags: 100, entities: 1000 } as const;
const KEY_LENGTH_MAX = 250;
const PARAM_VALUE_LENGTH_MAX = 6000;
const RUN_TAG_VALUE_LENGTH_MAX = 8000;
const EXPERIMENT_TAG_VALUE_LENGTH_MAX = 5000;
const REGISTRY_TAG_VALUE_LENGTH_MAX = 100_000;
const NAME_LENGTH_MAX = 500;
const ALIAS_LENGTH_MAX = 255;
const DESCRIPTION_LENGTH_MAX = 5000;
const URI_LENGTH_MAX = 2048;

/** The names of metrics, params and tags are treated as files by some stores: they must be safe as such. */
export function checkKey(key: string, parameter: string): void {
  if (key.length > KEY_LENGTH_MAX) throw tooLong(parameter, KEY_LENGTH_MAX, key.length);
  if (!/^[/\p{L}\p{N}_.\- :]*$/u.test(key)) {
    throw invalid(
      parameter,
      `Invalid value ${JSON.stringify(key)} for parameter '${parameter}' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).`,
    );
  }
  const resolved = posix.normalize(key);
  if (resolved !== key || key === '.' || key.startsWith('..') || key.startsWith('/')) {
    throw invalid(
      parameter,
      `Invalid value ${JSON.stringify(key)} for parameter '${parameter}' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to ${JSON.stringify(resolved)}`,
    );
  }
}

export function cutParamValue(value: string | undefined): string {
  return (value ?? '').slice(0, PARAM_VALUE_LENGTH_MAX);
}

export function cutTagValue(value: string | undefined): string {
  return (value ?? '').slice(0, RUN_TAG_VALUE_LENGTH_MAX);
}

export function checkExperimentTag(key: string, value: string): void {
  checkKey(key, 'key');
  if (value.length > EXPERIMENT_TAG_VALUE_LENGTH_MAX)
    throw tooLong('value', EXPERIMENT_TAG_VALUE_LENGTH_MAX, value.length);
}

export function checkRegistryTag(key: string, value: string): void {
  checkKey(key, 'key');
  if (value.length > REGISTRY_TAG_VALUE_LENGTH_MAX) throw tooLong('value', REGISTRY_TAG_VALUE_LENGTH_MAX, value.length);
}

export function checkBatch(sizes: Readonly<Record<'metrics' | 'params' | 'tags', number>>): void {
  const total = sizes.metrics + sizes.params + sizes.tags;
  for (const [entity, count] of [...Object.entries(sizes), ['metrics, params, and tags', total] as const]) {
    const limit = LIMITS[entity as keyof typeof sizes] ?? LIMITS.entities;
    if (count > limit) {
      throw invalid(
        entity,
        `A batch logging request can contain at most ${limit} ${entity}. Got ${count} ${entity}. Please split up ${entity} across multiple requests and try again.`,
      );
    }
  }
}

export function checkMetric(metric: { key: string; timestamp: number }, parameter: string): void {
  checkKey(metric.key, `${parameter}name`);
  if (metric.timestamp < 0) {
    throw invalid(
      `${parameter}timestamp`,
      `Got invalid timestamp ${metric.timestamp} for metric '${metric.key}'. Timestamp must be a nonnegative long (64-bit integer)`,
    );
  }
}

export function checkExperimentName(name: string): void {
  if (name.trim() === '')
    throw invalid('name', `Invalid experiment name: '${name}'. Experiment name must not be empty.`);
  if (name.length > NAME_LENGTH_MAX) throw tooLong('name', NAME_LENGTH_MAX, name.length);
  checkSeparator(name);
}

/** See `keyOf`. */
function checkSeparator(name: string): void {
  if (name.includes('\u001f')) throw invalid('name', 'A name must not contain the control character U+001F.');
}

/** An id of an experiment: a number, written as text. */
export function experimentNumber(id: string): number {
  const number = Number(id);
  if (!/^\d{1,15}$/.test(id)) {
    throw invalid('experiment_id', `Invalid experiment ID '${id}'. Experiment ID must be a valid integer.`);
  }
  return number;
}

export function checkArtifactLocation(uri: string): void {
  if (uri.length > URI_LENGTH_MAX) throw tooLong('artifact_location', URI_LENGTH_MAX, uri.length);
  if (/[#?;]/.test(uri))
    throw invalid('artifact_location', "'artifact_location' URL can't include fragments or params.");
  if (hasParentSegment(uri)) throw invalid('artifact_location', `Invalid path: '..' is not allowed in '${uri}'.`);
}

/** Whether a URI climbs, however often its escapes are nested. */
export function hasParentSegment(uri: string): boolean {
  let decoded = uri;
  for (let i = 0; i < 10; i++) {
    if (decoded.split(/[\\/]/).includes('..')) return true;
    let next: string;
    try {
      next = decodeURIComponent(decoded);
    } catch {
      return false;
    }
    if (next === decoded) return false;
    decoded = next;
  }
  return true;
}

export function checkModelName(name: string): void {
  if (name.trim() === '' || /[/:]/.test(name)) {
    throw invalid(
      'name',
      `Invalid model name: '${name}'. Registered model names must be non-empty and must not contain '/' or ':'.`,
    );
  }
  if (name.length > NAME_LENGTH_MAX) throw tooLong('name', NAME_LENGTH_MAX, name.length);
  checkSeparator(name);
}

export function checkLoggedModelName(name: string): void {
  if (/[/:.%"']/.test(name)) {
    throw invalid(
      'name',
      `Invalid model name ('${name}') provided. Model name must be a non-empty string and cannot contain the following characters: / : . % " '`,
    );
  }
  if (name.length > NAME_LENGTH_MAX) throw tooLong('name', NAME_LENGTH_MAX, name.length);
}

export function checkAlias(alias: string): void {
  if (alias.length > ALIAS_LENGTH_MAX) throw tooLong('alias', ALIAS_LENGTH_MAX, alias.length);
  if (!/^[\p{L}\p{N}_-]*$/u.test(alias)) {
    throw invalid(
      'alias',
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_) and dashes (-).`,
    );
  }
  if (alias.toLowerCase() === 'latest') throw invalid('alias', "'latest' alias name (case insensitive) is reserved.");
  if (/^v\d+$/i.test(alias)) {
    throw invalid('alias', `Version alias name '${alias}' is reserved: it reads as a version number.`);
  }
}

export function checkDescription(description: string): string {
  if (description.length > DESCRIPTION_LENGTH_MAX)
    throw tooLong('description', DESCRIPTION_LENGTH_MAX, description.length);
  return description;
}

export function versionNumber(version: string): number {
  const number = Number(version);
  if (!/^\d+$/.test(version) || !Number.isSafeInteger(number)) {
    throw invalid('version', `Parameter 'version' must be an integer, got '${version}'.`);
  }
  return number;
}

export function invalid(field: string, message: string): PlatformError {
  return new PlatformError('INVALID_PARAMETER', message, { field });
}

function tooLong(parameter: string, max: number, length: number): PlatformError {
  return invalid(parameter, `'${parameter}' exceeds the maximum length of ${max} characters; it has ${length}.`);
}
