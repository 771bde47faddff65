"""S3: a replication's settings and EventBridge's notifications are answered as they were sent (lost); a policy may name
everybody (a string, on which moto stumbles) beside the service that delivers access logs; those are not delivered."""

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.exceptions import ReplicationConfigurationNotFoundError
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def get_bucket_replication(self: Any) -> Any:
    self.data["Action"] = "GetBucketReplication"
    found = self.backend.get_bucket_replication(self.bucket_name)
    if not found:
        raise ReplicationConfigurationNotFoundError(bucket_name=self.bucket_name)
    rules = []
    for one in found["Rule"]:
        rule = {key: value for key, value in one.items() if not key.startswith("@")}
        rule["Filter"] = {"Prefix": (one.get("Filter") or {}).get("Prefix") or ""}
        rule["Priority"] = int(one["Priority"])
        for part in (rule["Destination"].get("ReplicationTime", {}).get("Time"), rule["Destination"].get("Metrics", {}).get("EventThreshold")):
            if part:
                part["Minutes"] = int(part["Minutes"])
        rules.append(rule)
    return self.serialized(ActionResult({"ReplicationConfiguration": {"Role": found["Role"], "Rules": rules}}))


class Filtered:
    """A bucket whose policy names services only."""

    def __init__(self, bucket: Any) -> None:
        policy = json.loads(bucket.policy)
        policy["Statement"] = [one for one in policy["Statement"] if isinstance(one.get("Principal"), dict)]
        self.policy = json.dumps(policy).encode()
        self.partition, self.name = bucket.partition, bucket.name


def extend() -> None:
    # AWS delivers access logs hours later; moto at once, an object for each request, so that a bucket is never empty.
    S3Backend.log_incoming_request = lambda self, request, bucket_name: None
    S3Response.get_bucket_replication = get_bucket_replication
    allowed = FakeBucket._log_permissions_enabled_policy

    def log_permissions(target_bucket: Any, target_prefix: str | None) -> bool:
        return bool(target_bucket.policy) and allowed(Filtered(target_bucket), target_prefix)

    FakeBucket._log_permissions_enabled_policy = staticmethod(log_permissions)
    answer = S3Response.get_bucket_notification

    def get_bucket_notification(self: Any) -> Any:
        found = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if found is not None and found.event_bridge is not None and not (found.topic or found.queue or found.cloud_function):
            self.data["Action"] = "GetBucketNotificationConfiguration"
            return 200, {}, f'<NotificationConfiguration xmlns="{NAMESPACE}"><EventBridgeConfiguration/></NotificationConfiguration>'
        return answer(self)

    S3Response.get_bucket_notification = get_bucket_notification
