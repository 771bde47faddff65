import { create, createFileRegistry, type DescMessage, type Message } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_duration,
  file_google_protobuf_timestamp,
} from '@bufbuild/protobuf/wkt';

// What this engine reads and writes of Feast's registry: the messages, with the fields' numbers and types. Fields that are not
// named here are kept as they are when a message is written again.

const PACKAGE = 'feast.core';
/** Enums are read as their numbers. */
const ENUM = 'int32';

type Fields = Readonly<Record<string, readonly [number: number, type: string]>>;

/** `x*` repeats; `map` is text to text; a capital letter begins the name of a message. */
const messages: Readonly<Record<string, Fields>> = {
  Registry: {
    entities: [1, 'Entity*'],
    feature_views: [6, 'FeatureView*'],
    feature_services: [7, 'FeatureService*'],
    on_demand_feature_views: [8, 'OnDemandFeatureView*'],
    data_sources: [12, 'DataSource*'],
    stream_feature_views: [14, 'StreamFeatureView*'],
    projects: [17, 'Project*'],
    registry_schema_version: [3, 'string'],
    version_id: [4, 'string'],
    last_updated: [5, '.google.protobuf.Timestamp'],
  },
  ObjectMeta: {
    created_timestamp: [1, '.google.protobuf.Timestamp'],
    last_updated_timestamp: [2, '.google.protobuf.Timestamp'],
  },
  SourceMeta: {
    created_timestamp: [3, '.google.protobuf.Timestamp'],
    last_updated_timestamp: [4, '.google.protobuf.Timestamp'],
  },
  Project: { spec: [1, 'ProjectSpec'], meta: [2, 'ObjectMeta'] },
  ProjectSpec: { name: [1, 'string'] },
  Entity: { spec: [1, 'EntitySpec'], meta: [2, 'ObjectMeta'] },
  EntitySpec: {
    name: [1, 'string'],
    value_type: [2, ENUM],
    description: [3, 'string'],
    join_key: [4, 'string'],
    tags: [8, 'map'],
    project: [9, 'string'],
    owner: [10, 'string'],
  },
  FeatureSpec: {
    name: [1, 'string'],
    value_type: [2, ENUM],
    tags: [3, 'map'],
    description: [4, 'string'],
  },
  FeatureView: { spec: [1, 'FeatureViewSpec'], meta: [2, 'FeatureViewMeta'] },
  FeatureViewSpec: {
    name: [1, 'string'],
    project: [2, 'string'],
    entities: [3, 'string*'],
    features: [4, 'FeatureSpec*'],
    tags: [5, 'map'],
    ttl: [6, '.google.protobuf.Duration'],
    batch_source: [7, 'DataSource'],
    online: [8, 'bool'],
    stream_source: [9, 'DataSource'],
    description: [10, 'string'],
    owner: [11, 'string'],
    entity_columns: [12, 'FeatureSpec*'],
    version: [18, 'string'],
    disabled: [20, 'bool'],
  },
  FeatureViewMeta: {
    created_timestamp: [1, '.google.protobuf.Timestamp'],
    last_updated_timestamp: [2, '.google.protobuf.Timestamp'],
    materialization_intervals: [3, 'MaterializationInterval*'],
  },
  MaterializationInterval: {
    start_time: [1, '.google.protobuf.Timestamp'],
    end_time: [2, '.google.protobuf.Timestamp'],
  },
  StreamFeatureView: { spec: [1, 'StreamFeatureViewSpec'], meta: [2, 'FeatureViewMeta'] },
  StreamFeatureViewSpec: {
    name: [1, 'string'],
    project: [2, 'string'],
    entities: [3, 'string*'],
    features: [4, 'FeatureSpec*'],
    entity_columns: [5, 'FeatureSpec*'],
    description: [6, 'string'],
    tags: [7, 'map'],
    owner: [8, 'string'],
    ttl: [9, '.google.protobuf.Duration'],
    batch_source: [10, 'DataSource'],
    stream_source: [11, 'DataSource'],
    online: [12, 'bool'],
    disabled: [23, 'bool'],
  },
  OnDemandFeatureView: { spec: [1, 'OnDemandFeatureViewSpec'] },
  OnDemandFeatureViewSpec: { name: [1, 'string'], project: [2, 'string'] },
  FeatureService: { spec: [1, 'FeatureServiceSpec'], meta: [2, 'ObjectMeta'] },
  FeatureServiceSpec: {
    name: [1, 'string'],
    project: [2, 'string'],
    features: [3, 'FeatureViewProjection*'],
    tags: [4, 'map'],
    description: [5, 'string'],
    owner: [6, 'string'],
  },
  FeatureViewProjection: {
    feature_view_name: [1, 'string'],
    feature_columns: [2, 'FeatureSpec*'],
    feature_view_name_alias: [3, 'string'],
    join_key_map: [4, 'map'],
    timestamp_field: [5, 'string'],
    created_timestamp_column: [7, 'string'],
    batch_source: [8, 'DataSource'],
    view_type: [11, 'string'],
  },
  DataSource: {
    type: [1, ENUM],
    field_mapping: [2, 'map'],
    timestamp_field: [3, 'string'],
    created_timestamp_column: [5, 'string'],
    file_options: [11, 'FileOptions'],
    data_source_class_type: [17, 'string'],
    name: [20, 'string'],
    project: [21, 'string'],
    description: [23, 'string'],
    tags: [24, 'map'],
    owner: [25, 'string'],
    batch_source: [26, 'DataSource'],
    meta: [50, 'SourceMeta'],
  },
  FileOptions: { uri: [2, 'string'] },
};

/** A message as the library holds it, in the names of JavaScript. */
type Of<T> = Message & T;
type Tags = Readonly<Record<string, string>>;
export interface Seconds {
  readonly seconds: bigint;
  readonly nanos: number;
}
/** When something was first and last defined. */
interface Meta {
  readonly createdTimestamp?: Seconds;
}
export type EntityMessage = Of<{
  readonly meta?: Meta;
  spec?: {
    readonly name: string;
    readonly valueType: number;
    readonly description: string;
    readonly joinKey: string;
    readonly tags: Tags;
    readonly project: string;
    readonly owner: string;
  };
}>;
export interface FeatureSpec {
  readonly name: string;
  readonly valueType: number;
  readonly tags: Tags;
  readonly description: string;
}
export interface SourceMessage {
  readonly type: number;
  readonly fieldMapping: Tags;
  readonly timestampField: string;
  readonly createdTimestampColumn: string;
  readonly fileOptions?: { readonly uri: string };
  readonly name: string;
  readonly project: string;
  readonly description: string;
  readonly tags: Tags;
  readonly owner: string;
  readonly batchSource?: SourceMessage;
  readonly meta?: Meta;
}
export type FeatureViewMessage = Of<{
  readonly spec?: {
    readonly name: string;
    readonly project: string;
    readonly entities: readonly string[];
    readonly features: readonly FeatureSpec[];
    readonly entityColumns: readonly FeatureSpec[];
    readonly tags: Tags;
    readonly ttl?: Seconds;
    readonly batchSource?: SourceMessage;
    readonly streamSource?: SourceMessage;
    readonly online: boolean;
    readonly description: string;
    readonly owner: string;
    readonly disabled: boolean;
  };
  readonly meta?: Meta & { readonly materializationIntervals: readonly { readonly endTime?: Seconds }[] };
}>;
export type FeatureServiceMessage = Of<{
  readonly meta?: Meta;
  readonly spec?: {
    readonly name: string;
    readonly project: string;
    readonly features: readonly {
      readonly featureViewName: string;
      readonly featureColumns: readonly FeatureSpec[];
      readonly featureViewNameAlias: string;
      readonly joinKeyMap: Tags;
    }[];
    readonly tags: Tags;
    readonly description: string;
    readonly owner: string;
  };
}>;
export type RegistryMessage = Of<{
  readonly entities: readonly EntityMessage[];
  readonly featureViews: readonly FeatureViewMessage[];
  readonly streamFeatureViews: readonly FeatureViewMessage[];
  readonly onDemandFeatureViews: readonly { readonly spec?: { readonly name: string; readonly project: string } }[];
  readonly featureServices: readonly FeatureServiceMessage[];
  readonly dataSources: readonly SourceMessage[];
  readonly projects: readonly { readonly spec?: { readonly name: string }; readonly meta?: Meta }[];
  readonly registrySchemaVersion: string;
}>;

const described = describe();
/** The description of `feast.core.Registry`. */
export const registrySchema: DescMessage = schemaOf('Registry');

/** The description of one of the messages. */
export function schemaOf(name: string): DescMessage {
  const schema = described.getMessage(`${PACKAGE}.${name}`);
  if (schema === undefined) throw new Error(`${name} is not described`);
  return schema;
}

function describe() {
  const file = create(FileDescriptorProtoSchema, {
    name: 'registry.proto',
    package: PACKAGE,
    syntax: 'proto3',
    dependency: [file_google_protobuf_timestamp.proto.name, file_google_protobuf_duration.proto.name],
    messageType: Object.entries(messages).map(([message, fields]) => messageOf(message, fields)),
  });
  const set = create(FileDescriptorSetSchema, {
    file: [file_google_protobuf_timestamp.proto, file_google_protobuf_duration.proto, file],
  });
  return createFileRegistry(set);
}

function messageOf(name: string, fields: Fields): DescriptorProto {
  const entries = Object.entries(fields);
  return create(DescriptorProtoSchema, {
    name,
    field: entries.map(([field, [number, type]]) => fieldOf(name, field, number, type)),
    nestedType: entries.filter(([, [, type]]) => type === 'map').map(([field]) => mapEntry(field)),
  });
}

function fieldOf(message: string, name: string, number: number, type: string): FieldDescriptorProto {
  const isMap = type === 'map';
  const isRepeated = isMap || type.endsWith('*');
  const single = isMap ? `.${PACKAGE}.${message}.${entryName(name)}` : type.replace('*', '');
  const label = isRepeated ? FieldDescriptorProto_Label.REPEATED : FieldDescriptorProto_Label.OPTIONAL;
  const scalar = { string: 'STRING', bool: 'BOOL', int32: 'INT32' }[single] as 'STRING' | 'BOOL' | 'INT32' | undefined;
  if (scalar !== undefined) {
    return create(FieldDescriptorProtoSchema, { name, number, label, type: FieldDescriptorProto_Type[scalar] });
  }
  const typeName = single.startsWith('.') ? single : `.${PACKAGE}.${single}`;
  return create(FieldDescriptorProtoSchema, { name, number, label, type: FieldDescriptorProto_Type.MESSAGE, typeName });
}

function mapEntry(field: string): DescriptorProto {
  return create(DescriptorProtoSchema, {
    name: entryName(field),
    field: [fieldOf('', 'key', 1, 'string'), fieldOf('', 'value', 2, 'string')],
    options: { mapEntry: true },
  });
}

/** protobuf's own rule: `field_mapping` becomes FieldMappingEntry. */
function entryName(field: string): string {
  return `${field.replace(/(?:^|_)(\w)/g, (_match, letter: string) => letter.toUpperCase())}Entry`;
}
