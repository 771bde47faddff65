"""Feast on a Redis of its own layout, with a view that has a feature of every type.

every_type.py REPOSITORY write SEED   applies the view, writes random rows, prints them and what Redis holds then
every_type.py REPOSITORY read         prints what Feast reads of the keys that standard input names
"""

import json
import random
import sys
from datetime import datetime, timedelta, timezone

import redis
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, Project, ValueType
from feast.feature_server_utils import _value_to_native
from feast.infra.key_encoding_utils import serialize_entity_key
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.types import (
    Array, Bool, Bytes, Decimal, Float32, Float64, Int32, Int64, Json, Map, Set, String, Struct, UnixTimestamp, Uuid,
)

repository, mode = sys.argv[1:3]
SCALARS = {
    "bytes": Bytes, "string": String, "int32": Int32, "int64": Int64, "double": Float64, "float": Float32,
    "bool": Bool, "unix_timestamp": UnixTimestamp,
}
TYPES = {
    **SCALARS,
    **{f"{name}_list": Array(kind) for name, kind in SCALARS.items()},
    **{f"{name}_set": Set(kind) for name, kind in SCALARS.items()},
    "map": Map, "map_list": Array(Map), "json": Json, "json_list": Array(Json),
    "uuid": Uuid, "uuid_list": Array(Uuid), "decimal": Decimal,
}
store = FeatureStore(repo_path=repository)


def scalar(name, generator):
    if name == "bytes":
        return generator.randbytes(generator.randrange(6))
    if name == "string":
        return "".join(generator.choice("aé\u2028\U0001f600\"\\ ") for _ in range(generator.randrange(5)))
    if name == "int32":
        return generator.choice([0, -1, 2**31 - 1, -(2**31), generator.randrange(1000)])
    if name == "int64":
        return generator.choice([0, -1, 2**63 - 1, -(2**63), 2**53 + 1, generator.randrange(10**6)])
    if name == "unix_timestamp":
        return generator.choice([0, -1, 1_700_000_000])
    if name == "double":
        return generator.choice([0.0, -0.0, 1.0, 0.1, 1e300, -1e-300, generator.random()])
    if name == "float":
        return generator.choice([0.0, 1.0, 0.1, -2.5e-10])
    return generator.random() < 0.5


def value_of(name, generator):
    if generator.random() < 0.15:
        return Value()
    base = name.rsplit("_", 1)[0] if name.endswith(("_list", "_set")) else name
    if name in SCALARS:
        return Value(**{f"{name}_val": scalar(name, generator)})
    if base in SCALARS:
        items = [scalar(base, generator) for _ in range(generator.randrange(4))]
        if base in ("double", "float") and name.endswith("_list"):
            items.append(float("nan"))
        message = Value()
        getattr(message, f"{name}_val").val.extend(items)
        getattr(message, f"{name}_val").SetInParent()
        return message
    message = Value()
    if name == "map":
        # One entry: protobuf promises no order of several.
        message.map_val.val["k"].CopyFrom(generator.choice([Value(int64_val=3), Value(string_val="v"), Value()]))
    elif name == "map_list":
        message.map_list_val.val.add().val["k"].CopyFrom(Value(bool_val=True))
    elif name in ("json", "uuid", "decimal"):
        texts = {"json": '{"a": [1, 2.50]}', "uuid": "0f8fad5b-d9cb-469f-a165-70867728950e", "decimal": "12.50"}
        setattr(message, f"{name}_val", texts[name])
    else:
        text = '"x"' if base == "json" else "0f8fad5b-d9cb-469f-a165-70867728950e"
        getattr(message, f"{name}_val").val.append(text)
    return message


def native(value):
    return _value_to_native(value)


if mode == "write":
    generator = random.Random(int(sys.argv[3]))
    user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
    item = Entity(name="item", join_keys=["item_id"], value_type=ValueType.INT64)
    fields = [Field(name=f"f_{name}", dtype=kind) for name, kind in TYPES.items()]
    everything = FeatureView(
        name="everything", entities=[user, item], ttl=timedelta(0),
        source=FileSource(name="unused", path="unused.parquet", timestamp_field="event_timestamp"),
        schema=[Field(name="user_id", dtype=String), Field(name="item_id", dtype=Int64), *fields],
    )
    # Applied without looking for its source's file, which is not there.
    store.registry.apply_project(Project(name=store.project), commit=False)
    for entity in (user, item):
        store.registry.apply_entity(entity, store.project, commit=False)
    everything.entity_columns = [Field(name="user_id", dtype=String), Field(name="item_id", dtype=Int64)]
    everything.features = fields
    store.registry.apply_feature_view(everything, store.project)
    rows, batch = [], []
    for i in range(40):
        keys = {"user_id": generator.choice(["", "a", "é"]) + str(i), "item_id": generator.choice([-1, 2**62, i])}
        values = {f"f_{name}": value_of(name, generator) for name in TYPES}
        event = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=i, microseconds=generator.choice([0, 1, 250000]))
        key = EntityKey(
            join_keys=["user_id", "item_id"],
            entity_values=[Value(string_val=keys["user_id"]), Value(int64_val=keys["item_id"])],
        )
        batch.append((key, values, event, None))
        rows.append({
            "keys": keys, "event": event.isoformat(),
            "key": (serialize_entity_key(key, 3) + store.project.encode()).hex(),
            "values": {name: native(value) for name, value in values.items()},
        })
    store._get_provider().online_write_batch(store.config, everything, batch, None)
    host, port = store.config.online_store.connection_string.split(",")[0].split(":")
    client = redis.Redis(host=host, port=int(port))
    hashes = {key.hex(): {f.hex(): v.hex() for f, v in client.hgetall(key).items()} for key in client.keys()}
    print(json.dumps({"rows": rows, "hashes": hashes}))
else:
    keys = json.load(sys.stdin)
    columns = store.get_online_features(
        features=[f"everything:f_{name}" for name in TYPES], entity_rows=keys
    ).proto
    names = list(columns.metadata.feature_names.val)
    print(json.dumps([
        {name: native(columns.results[names.index(name)].values[i]) for name in names if name.startswith("f_")}
        for i in range(len(keys))
    ]))
