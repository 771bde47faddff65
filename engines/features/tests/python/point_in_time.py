"""Random histories and entity rows, and what Feast's get_historical_features makes of them.

point_in_time.py REPOSITORY SEED: writes the sources, entities.parquet, and
expected-WHAT-CUTOFF.parquet for references to features and a service, with and without the cut-off.
Entity rows do not repeat keys and moment, which Feast's file store would lose.
"""

import sys
from datetime import timedelta

import numpy as np
import pandas as pd
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Float64, Int64, String

repository, seed = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(seed)
start = pd.Timestamp("2026-01-01", tz="UTC")


def moments(count, hours=72, zone=True):
    # Steps of half an hour, so that events meet each other, the entity rows and the ends of the TTL.
    times = start + pd.to_timedelta(random.integers(0, hours * 2, count) * 1800, unit="s")
    return times if zone else times.tz_localize(None)


def history(count, keys, zone):
    events = moments(count, zone=zone)
    frame = pd.DataFrame({**keys, "event_timestamp": events})
    frame["created"] = frame["event_timestamp"] + pd.to_timedelta(random.integers(0, 20, count) * 1800, unit="s")
    frame["value"] = random.random(count)
    frame["label"] = random.choice(["a", "b", None], count)
    # Of rows that are equal in key and both times either may win.
    return frame.drop_duplicates([*keys, "event_timestamp", "created"])


drivers = history(400, {"driver_id": random.integers(0, 8, 400)}, zone=True)
drivers.rename(columns={"value": "val"}).to_parquet(f"{repository}/drivers.parquet")
orders = history(400, {"customer_id": random.integers(1, 12, 400), "account": random.choice(["1", "11", "2"], 400)}, zone=False)
orders.to_parquet(f"{repository}/orders.parquet")
plain = history(60, {"driver_id": random.integers(0, 8, 60)}, zone=True).drop(columns="created")
plain = plain.drop_duplicates(["driver_id", "event_timestamp"])
plain.to_parquet(f"{repository}/plain.parquet")

entities = pd.DataFrame({
    "row": np.arange(300),
    "driver_id": random.integers(0, 9, 300),
    "customer_id": random.integers(1, 12, 300),
    "account": random.choice(["1", "11", "2"], 300),
    "other_driver": random.integers(0, 9, 300),
    "event_timestamp": moments(300, hours=80),
}).drop_duplicates(["driver_id", "customer_id", "account", "event_timestamp"])
entities = entities.drop_duplicates(["driver_id", "event_timestamp"]).drop_duplicates(["other_driver", "event_timestamp"])
entities = entities.drop_duplicates(["customer_id", "account", "event_timestamp"]).reset_index(drop=True)
entities["row"] = np.arange(len(entities))
entities.to_parquet(f"{repository}/entities.parquet")

driver = Entity(name="driver", join_keys=["driver_id"], value_type=ValueType.INT64)
customer = Entity(name="customer", join_keys=["customer_id"], value_type=ValueType.INT64)
account = Entity(name="account", join_keys=["account"], value_type=ValueType.STRING)


def source(name, created="created", **rest):
    return FileSource(
        name=name, path=f"{name}.parquet", timestamp_field="event_timestamp", created_timestamp_column=created, **rest
    )


def view(name, entity_list, data, keys, ttl):
    return FeatureView(
        name=name, entities=entity_list, ttl=ttl, source=data,
        schema=[*keys, Field(name="value", dtype=Float64), Field(name="label", dtype=String)],
    )


driver_key = Field(name="driver_id", dtype=Int64)
by_driver = view("by_driver", [driver], source("drivers", field_mapping={"val": "value"}), [driver_key], timedelta(hours=6))
by_order = view(
    "by_order", [customer, account], source("orders"),
    [Field(name="customer_id", dtype=Int64), Field(name="account", dtype=String)], timedelta(0),
)
without_created = view("without_created", [driver], source("plain", created=""), [driver_key], timedelta(days=1))
# One by one: with several, Feast fails when it compares a service that it reads with the one in its registry.
mapped = FeatureService(
    name="mapped",
    features=[by_driver[["value"]].with_name("other").with_join_key_map({"driver_id": "other_driver"})],
)
references = [f"{name}:{feature}" for name in ("by_driver", "by_order", "without_created") for feature in ("value", "label")]
store = FeatureStore(repo_path=repository)
store.apply([driver, customer, account, by_driver, by_order, without_created, mapped])

for cut_off in (False, True):
    rest = {"filter_by_created_timestamp": True} if cut_off else {}
    for name, features in (("references", references), ("mapped", store.get_feature_service("mapped"))):
        expected = store.get_historical_features(
            entity_df=entities, features=features, full_feature_names=True, **rest
        ).to_df()
        expected = expected.sort_values("row").reset_index(drop=True)
        expected.to_parquet(f"{repository}/expected-{name}-{str(cut_off).lower()}.parquet")
print("written")
