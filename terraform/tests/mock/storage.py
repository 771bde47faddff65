"""S3: delete markers of a replication are answered as they were sent; a policy may name everybody (a string, on which moto
stumbles) beside the service that delivers access logs."""

import json
import re
from typing import Any

from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response


def extend() -> None:
    get = S3Response.get_bucket_replication

    def get_bucket_replication(self: Any) -> Any:
        answer = get(self)
        rules = (self.backend.get_bucket_replication(self.bucket_name) or {}).get("Rule", [])
        if not isinstance(answer, str) or not any(
            rule.get("DeleteMarkerReplication", {}).get("Status") == "Enabled" for rule in rules
        ):
            return answer
        return re.sub(r"(<DeleteMarkerReplication>\s*<Status>)Disabled", r"\1Enabled", answer)

    S3Response.get_bucket_replication = get_bucket_replication
    allowed = FakeBucket._log_permissions_enabled_policy

    class Filtered:
        def __init__(self, bucket: Any) -> None:
            policy = json.loads(bucket.policy)
            policy["Statement"] = [one for one in policy["Statement"] if isinstance(one.get("Principal"), dict)]
            self.policy = json.dumps(policy).encode()
            self.partition, self.name = bucket.partition, bucket.name

    def log_permissions(target_bucket: Any, target_prefix: str | None) -> bool:
        return bool(target_bucket.policy) and allowed(Filtered(target_bucket), target_prefix)

    FakeBucket._log_permissions_enabled_policy = staticmethod(log_permissions)
