"""What definitions/drivers.yaml says, in Feast's words; applied to the registry of the folder that is given."""

import sys
from datetime import timedelta

from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, PushSource, ValueType
from feast.types import Array, Bool, Float32, Float64, Int32, Int64, String

repository = sys.argv[1]
driver = Entity(name="driver", join_keys=["driver_id"], value_type=ValueType.INT64, owner="rides@example.com")
customer = Entity(name="customer", join_keys=["customer_id"], value_type=ValueType.INT64)
account = Entity(name="account", join_keys=["account"], value_type=ValueType.STRING)

driver_history = FileSource(
    name="driver_history",
    path="drivers.parquet",
    timestamp_field="event_timestamp",
    created_timestamp_column="created",
)
driver_push = PushSource(name="driver_push", batch_source=driver_history)
order_history = FileSource(name="order_history", path="orders.parquet", timestamp_field="ordered_at")
city_history = FileSource(name="city_history", path="city.parquet", timestamp_field="event_timestamp")

driver_stats = FeatureView(
    name="driver_stats",
    entities=[driver],
    ttl=timedelta(days=2),
    source=driver_push,
    owner="rides@example.com",
    tags={"domain": "rides"},
    schema=[
        Field(name="driver_id", dtype=Int64),
        Field(name="conv_rate", dtype=Float32),
        Field(name="trips", dtype=Int64),
        Field(name="nickname", dtype=String, tags={"pii": "pii"}),
    ],
)
driver_fresh = FeatureView(
    name="driver_fresh",
    entities=[driver],
    ttl=timedelta(hours=1),
    source=driver_history,
    schema=[Field(name="driver_id", dtype=Int64), Field(name="conv_rate", dtype=Float32)],
)
orders = FeatureView(
    name="orders",
    entities=[customer, account],
    ttl=timedelta(0),
    source=order_history,
    schema=[
        Field(name="customer_id", dtype=Int64),
        Field(name="account", dtype=String),
        Field(name="amount", dtype=Float64),
        Field(name="items", dtype=Array(String)),
        Field(name="paid", dtype=Bool),
    ],
)
city = FeatureView(
    name="city",
    entities=[],
    ttl=timedelta(0),
    source=city_history,
    schema=[Field(name="drivers_online", dtype=Int32)],
)
driver_activity = FeatureService(
    name="driver_activity", owner="rides@example.com", features=[driver_stats[["trips", "conv_rate"]], city]
)
two_drivers = FeatureService(
    name="two_drivers",
    features=[
        driver_stats[["trips"]].with_name("first").with_join_key_map({"driver_id": "first_driver"}),
        driver_stats[["trips"]].with_name("second").with_join_key_map({"driver_id": "second_driver"}),
    ],
)

FeatureStore(repo_path=repository).apply(
    [
        driver, customer, account,
        driver_history, driver_push, order_history, city_history,
        driver_stats, driver_fresh, orders, city,
        driver_activity, two_drivers,
    ]
)
print("applied")
