"""EC2's defaults of a region (missing), flow logs into a folder of a bucket (refused), their file format, descriptions of
rules between groups, DNS options of endpoints and tags of launch templates (lost or invented), Lambda's log settings (lost), and Lambda without Docker: the
function's own code runs in Node, when MLOPS_LAMBDA_RUNNER names the program that runs it."""

import json
import os
import subprocess
import sys
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.core.responses import ActionResult
from moto.ec2.models.flow_logs import FlowLogs
from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses import EC2Response
from moto.route53 import models as route53
from moto.s3.exceptions import MissingBucket
from moto.s3.models import S3Backend
from operations import add, busy, kept, where

defaults = kept()


def setting(read: Any, write: Any = None) -> Any:
    def operation(self: Any) -> ActionResult:
        if write:
            write(self, defaults[where(self)])
        return ActionResult(read(defaults[where(self)]))

    return operation


def default_key(kept: dict[str, Any]) -> dict[str, Any]:
    return {"KmsKeyId": kept.get("key", "alias/aws/ebs")}


def sharing(kept: dict[str, Any]) -> dict[str, Any]:
    return {"State": kept.get("sharing", "unblocked")}


METADATA = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags")


def change_metadata(self: Any, kept: dict[str, Any]) -> None:
    level = kept.setdefault("metadata", {})
    for name in METADATA:
        value = self._get_param(name)
        if value in ("no-preference", "-1", -1):
            level.pop(name, None)
        elif value is not None:
            level[name] = int(value) if name == "HttpPutResponseHopLimit" else value


def run_function() -> None:
    runner = os.environ.get("MLOPS_LAMBDA_RUNNER")

    def invoke(self: Any, event: Any = None) -> tuple[str, bool, str]:
        if not runner:
            return "null", False, "not run"
        program = [os.environ["MLOPS_NODE"], runner]
        busy.release()  # the function asks this server, too
        try:
            done = subprocess.run(
                program,
                input=json.dumps(event),
                capture_output=True,
                text=True,
                timeout=120,
                env={**os.environ, "AWS_REGION": self.region, "MLOPS_LAMBDA_CODE": self.code_bytes.hex()},
            )
        finally:
            busy.acquire()
        if done.returncode != 0:
            print(done.stderr, file=sys.stderr, flush=True)
        return done.stdout or "null", done.returncode != 0, done.stderr

    LambdaFunction._invoke_lambda = invoke


def keep_details() -> None:
    SecurityGroupRule.description = property(
        lambda rule: rule.ip_range.get("Description") or (rule.source_group or {}).get("Description")
    )
    make = LaunchTemplateVersion.__init__

    def init(self: Any, template: Any, number: int, data: dict[str, Any], description: str) -> None:
        tags = [one for one in data.get("TagSpecifications", []) if one.get("ResourceType") != "launch-template"]
        make(self, template, number, {**data, "TagSpecifications": tags}, description)

    LaunchTemplateVersion.__init__ = init
    create = EC2Response.create_flow_logs

    def create_flow_logs(self: Any) -> Any:
        known = set(self.ec2_backend.flow_logs)
        answer = create(self)
        for identity in set(self.ec2_backend.flow_logs) - known:
            self.ec2_backend.flow_logs[identity].destination_options = self._get_param("DestinationOptions")
        return answer

    make_endpoint = EC2Response.create_vpc_endpoint

    def create_vpc_endpoint(self: Any) -> Any:
        answer = make_endpoint(self)
        options = self._get_param("DnsOptions")
        if options:
            answer.result["VpcEndpoint"].dns_options = options
        return answer

    VPCEndPoint.dns_options = None
    EC2Response.create_vpc_endpoint = create_vpc_endpoint
    FlowLogs.destination_options = None
    EC2Response.create_flow_logs = create_flow_logs


def keep_log_settings() -> None:
    settings: dict[str, Any] = {}
    create, configuration = LambdaResponse.create_function, LambdaFunction.get_configuration

    def create_function(self: Any) -> Any:
        sent = json.loads(self.body)
        settings[sent["FunctionName"]] = sent.get("LoggingConfig")
        return create(self)

    def get_configuration(self: Any, *args: Any, **named: Any) -> Any:
        found = settings.get(self.function_name)
        return {**configuration(self, *args, **named), **({"LoggingConfig": found} if found else {})}

    LambdaResponse.create_function = create_function
    LambdaFunction.get_configuration = get_configuration


def extend() -> None:
    keep_details()
    keep_log_settings()
    add(
        EC2Response,
        get_ebs_default_kms_key_id=setting(default_key),
        modify_ebs_default_kms_key_id=setting(default_key, lambda self, kept: kept.update(key=self._get_param("KmsKeyId"))),
        reset_ebs_default_kms_key_id=setting(default_key, lambda self, kept: kept.pop("key", None)),
        get_snapshot_block_public_access_state=setting(sharing),
        enable_snapshot_block_public_access=setting(sharing, lambda self, kept: kept.update(sharing=self._get_param("State"))),
        disable_snapshot_block_public_access=setting(sharing, lambda self, kept: kept.pop("sharing", None)),
        get_instance_metadata_defaults=setting(lambda kept: {"AccountLevel": kept.get("metadata", {})}),
        modify_instance_metadata_defaults=setting(lambda kept: {"Return": True}, change_metadata),
    )
    get_bucket = S3Backend.get_bucket

    def folder_or_bucket(self: Any, name: str) -> Any:
        try:
            return get_bucket(self, name)
        except MissingBucket:
            if "/" not in name:
                raise
            return get_bucket(self, name.split("/", 1)[0])

    S3Backend.get_bucket = folder_or_bucket
    create = route53.Route53Backend.create_query_logging_config

    def create_query_logging_config(self: Any, zone: str, group: str) -> Any:
        # moto knows the ARN with :* only, AWS both; it answers the one that was sent
        made = create(self, zone, group if group.endswith(":*") else f"{group}:*")
        made.cloud_watch_logs_log_group_arn = group
        return made

    route53.Route53Backend.create_query_logging_config = create_query_logging_config
    run_function()
