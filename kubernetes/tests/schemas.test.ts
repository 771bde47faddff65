import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from '@mlops/testing';
import { Ajv, type ValidateFunction } from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { lockedFiles, verified } from '../crds.ts';
import { type Environment, environments, type Manifest, render, renderEnvironment } from '../manifests.ts';

const folder = process.env['MLOPS_CRDS_DIR'];

interface Schema {
  [key: string]: unknown;
  properties?: Record<string, Schema>;
}

/** A CRD's schema with every unnamed field refused; what the API server prunes or adds by itself stays open. */
function closed(schema: Schema): Schema {
  const result: Schema = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key.startsWith('x-kubernetes-') || key === 'format' || key === 'default' || key === 'description') continue;
    if (key === 'properties') {
      result.properties = Object.fromEntries(
        Object.entries(value as Record<string, Schema>).map(([name, inner]) => [name, closed(inner)]),
      );
    } else if (['items', 'additionalProperties', 'not'].includes(key) && typeof value === 'object') {
      result[key] = closed(value as Schema);
    } else if (['allOf', 'anyOf', 'oneOf'].includes(key)) {
      // conditions on fields that are declared beside them: they must stay open
      result[key] = value;
    } else result[key] = value;
  }
  const open =
    schema['x-kubernetes-preserve-unknown-fields'] === true || schema['x-kubernetes-embedded-resource'] === true;
  if (schema.properties && !schema['additionalProperties'] && !open) result['additionalProperties'] = false;
  if (schema['x-kubernetes-int-or-string']) delete result['type'];
  if (schema['nullable'] === true) delete result['nullable'];
  return result;
}

/** Patterns are Go's: a leading (?i) is JavaScript's flag i. */
const goPattern = Object.assign(
  (pattern: string, flags: string) =>
    new RegExp(pattern.replaceAll('(?i)', ''), pattern.includes('(?i)') ? `${flags}i` : flags),
  { code: 'new RegExp' },
);

suite('custom resources', { needs: folder ? ['kubectl'] : ['kubectl', 'MLOPS_CRDS_DIR'] }, () => {
  const schemas = new Map<string, Schema>();
  const validators = new Map<string, ValidateFunction>();
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, code: { regExp: goPattern } });

  beforeAll(async () => {
    for (const { file } of lockedFiles) {
      const { spec } = parse(await readFile(join(folder ?? '', file), 'utf8')) as Manifest;
      for (const { name, schema } of spec.versions)
        schemas.set(`${spec.group}/${name} ${spec.names.kind}`, schema.openAPIV3Schema);
    }
  }, 60_000);

  /** What an object has that its kind does not know, or lacks; undefined for kinds that are no custom resources. */
  function problems(object: Manifest): string[] | undefined {
    const key = `${object.apiVersion} ${object.kind}`;
    const schema = schemas.get(key);
    if (!schema) return undefined;
    let validate = validators.get(key);
    if (!validate) {
      const whole = closed(schema);
      // the API server knows these of every kind; status is written by controllers only
      const metadata = { type: 'object', required: ['name'] };
      const properties = { ...whole.properties, apiVersion: {}, kind: {}, metadata };
      validate = ajv.compile({
        ...whole,
        properties: Object.fromEntries(Object.entries(properties).filter(([name]) => name !== 'status')),
      });
      validators.set(key, validate);
    }
    validate(object);
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${object.metadata.name}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  it('have the schemas that the lock names', async () => {
    for (const locked of lockedFiles)
      expect(verified(locked, await readFile(join(folder ?? '', locked.file)))).toBeDefined();
    expect(() => verified(lockedFiles[0] ?? { url: '', sha256: '' }, Buffer.from('changed'))).toThrow(
      /SHA-256 is .*, locked is/,
    );
  });

  describe.each([...environments, 'kserve/samples', 'ingress/gateway-api'])('of %s', (place) => {
    it('have no unknown field and lack none', { timeout: 120_000 }, async () => {
      const known = environments.find((one): one is Environment => one === place);
      const objects = known ? [...(await renderEnvironment(known)).values()].flat() : await render(place);
      const results = objects.map((object) => [object, problems(object)] as const);
      expect(results.flatMap(([, found]) => found ?? [])).toEqual([]);
      // a kind without a schema must be one of Kubernetes itself
      const without = results.filter(([, found]) => !found).map(([{ apiVersion }]) => apiVersion);
      expect(without.filter((version) => version.includes('.') && !version.split('/')[0]?.endsWith('.k8s.io'))).toEqual(
        [],
      );
      expect(results.length).toBeGreaterThan(without.length);
    });
  });

  it('are refused with an unknown field, a missing one and a wrong type', () => {
    const model = (spec: object) =>
      ({
        apiVersion: 'serving.kserve.io/v1beta1',
        kind: 'InferenceService',
        metadata: { name: 'm' },
        spec,
      }) as unknown as Manifest;
    expect(problems(model({ predictor: { minReplcas: 1 } }))?.[0]).toMatch(/minReplcas/);
    expect(problems(model({}))?.[0]).toMatch(/predictor/);
    expect(problems(model({ predictor: { minReplicas: 'two' } }))?.[0]).toMatch(/integer/);
  });
});
