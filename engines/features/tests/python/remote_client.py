"""Feast's own client with `online_store: remote` does its ordinary work against the server that its settings name."""

import sys
from datetime import datetime, timezone

import pandas as pd
from feast import FeatureStore
from feast.errors import FeatureViewNotFoundException
from feast.infra.online_stores.remote import get_remote_online_features

store = FeatureStore(repo_path=sys.argv[1])
now = datetime.now(timezone.utc)

# A row of a view, written by the client's own code and read back.
store.write_to_online_store(
    "driver_stats",
    pd.DataFrame(
        {
            "driver_id": [7001, 7002],
            "event_timestamp": [now, now],
            "created": [now, now],
            "conv_rate": [0.5, 0.25],
            "trips": [2**53 + 1, 4],
            "nickname": ["Zoë", None],
        }
    ),
)
answer = store.get_online_features(
    features=["driver_stats:conv_rate", "driver_stats:trips", "driver_stats:nickname"],
    entity_rows=[{"driver_id": 7001}, {"driver_id": 7002}, {"driver_id": 9999}],
).to_dict()
assert answer == {
    "driver_id": [7001, 7002, 9999],
    "conv_rate": [0.5, 0.25, None],
    "trips": [2**53 + 1, 4, None],
    "nickname": ["Zoë", None, None],
}, answer

# Composite keys, lists and a service.
store.write_to_online_store(
    "orders",
    pd.DataFrame(
        {
            "customer_id": [1], "account": ["x"], "ordered_at": [now],
            "amount": [2.0], "items": [["a", "b"]], "paid": [True],
        }
    ),
)
orders = store.get_online_features(
    features=["orders:amount", "orders:items", "orders:paid"], entity_rows=[{"customer_id": 1, "account": "x"}]
).to_dict()
assert orders == {"customer_id": [1], "account": ["x"], "amount": [2.0], "items": [["a", "b"]], "paid": [True]}, orders
assert isinstance(orders["amount"][0], float), orders
service = store.get_online_features(
    features=store.get_feature_service("driver_activity"), entity_rows=[{"driver_id": 7002}], full_feature_names=True
).to_dict()
assert service["driver_stats__trips"] == [4], service

# The server's refusals become the client's exceptions.
try:
    get_remote_online_features(store.config, {"features": ["nope:x"], "entities": {"driver_id": [1]}})
    raise AssertionError("an unknown view was answered")
except FeatureViewNotFoundException as error:
    assert "Feature view nope does not exist in project contract" in str(error), error
print("all checks passed")
