"""A repository of Feast with VIEWS views of 10 integers each, over views.parquet: applied to registry.db.

repository.py REPOSITORY REDIS_HOST:PORT VIEWS
"""

import sys
from datetime import timedelta
from pathlib import Path

from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Int64

repository, redis, views = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
(repository / "feature_store.yaml").write_text(
    "\n".join([
        "project: bench", "provider: local", "registry: registry.db",
        f'online_store: {{type: redis, connection_string: "{redis},db=0"}}',
        "offline_store: {type: file}", "entity_key_serialization_version: 3",
    ])
)
entity = Entity(name="entity", join_keys=["entity"], value_type=ValueType.INT64)
objects = [
    FeatureView(
        name=f"view_{i}", entities=[entity], ttl=timedelta(0),
        source=FileSource(name=f"source_{i}", path="views.parquet", timestamp_field="event_timestamp"),
        schema=[Field(name="entity", dtype=Int64), *(Field(name=f"feature_{i * 10 + j}", dtype=Int64) for j in range(10))],
    )
    for i in range(views)
]
services = [
    FeatureService(name=f"service_{count}", features=objects[: count // 10]) for count in (50, 250) if count <= views * 10
]
FeatureStore(repo_path=str(repository)).apply([entity, *objects, *services])
