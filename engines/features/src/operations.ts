import { operation } from '@mlops/operations';
import { type TSchema, Type } from 'typebox';

const nullable = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
const text = Type.String();
const flag = nullable(Type.Boolean());
const columns = Type.Record(text, Type.Array(Type.Unknown()));
const selection = { feature_service: nullable(text), features: nullable(Type.Array(text)), full_feature_names: flag };
const query = { async: nullable(text), force: nullable(text) };
const views = { feature_views: nullable(Type.Array(text)), version: nullable(text) };

const GetOnlineFeatures = Type.Object({ entities: columns, ...selection });
const Push = Type.Object({ push_source_name: text, df: columns, to: nullable(text), allow_registry_cache: flag });
const WriteToOnlineStore = Type.Object({ feature_view_name: text, df: columns, allow_registry_cache: flag });
const Materialize = Type.Object({
  ...views,
  ...query,
  start_ts: nullable(text),
  end_ts: nullable(text),
  disable_event_timestamp: flag,
});
const MaterializeIncremental = Type.Object({ ...views, ...query, end_ts: text });
const GetHistoricalFeatures = Type.Object({
  entities: columns,
  ...selection,
  timestamp_column: nullable(text),
  filter_by_created_timestamp: flag,
});

const writes = { access: 'write', effect: 'long', response: Type.Unknown() } as const;
const reads = { access: 'read', response: Type.Unknown() } as const;

/**
 * Feast's HTTP interface, and the historical retrieval that Feast has no HTTP for. Rows that arrive by the thousand are
 * no audit entries; a run of materialisation is one.
 */
export const featureOperations = {
  getOnlineFeatures: operation('POST /get-online-features', {
    ...reads,
    request: GetOnlineFeatures,
    resource: { type: 'feature-service', id: ({ feature_service }) => feature_service ?? undefined },
    summary: 'The newest values of features',
  }),
  getHistoricalFeatures: operation('POST /get-historical-features', {
    ...reads,
    request: GetHistoricalFeatures,
    resource: { type: 'feature-service', id: ({ feature_service }) => feature_service ?? undefined },
    summary: 'Values of features as they were at given moments',
  }),
  push: operation('POST /push', {
    ...writes,
    request: Push,
    resource: { type: 'feature-source', id: ({ push_source_name }) => push_source_name },
    audited: false,
    summary: 'Rows for all views of a push source',
  }),
  writeToOnlineStore: operation('POST /write-to-online-store', {
    ...writes,
    request: WriteToOnlineStore,
    resource: { type: 'feature-view', id: ({ feature_view_name }) => feature_view_name },
    audited: false,
    summary: 'Rows for one view',
  }),
  materialize: operation('POST /materialize', {
    ...writes,
    request: Materialize,
    resource: { type: 'feature-view' },
    details: ({ start_ts, end_ts, feature_views }) => ({ start_ts, end_ts, feature_views }),
    summary: 'Copies the newest rows of a stretch of time into the online store',
  }),
  materializeIncremental: operation('POST /materialize-incremental', {
    ...writes,
    request: MaterializeIncremental,
    resource: { type: 'feature-view' },
    details: ({ end_ts, feature_views }) => ({ end_ts, feature_views }),
    summary: 'Copies what has come since the last run into the online store',
  }),
};

export type FeatureOperationName = keyof typeof featureOperations;
