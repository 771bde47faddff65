"""What belongs to the account: budgets' subscribers and tags, anomaly monitors, Security Hub's settings and standards,
GuardDuty's features, selections and tags of AWS Backup, keys of Prometheus workspaces, the period of key rotation; deletion of a
trail by its ARN (ignored)."""

import json
import uuid
from typing import Any
from urllib.parse import unquote

from moto.amp import models as amp
from moto.amp.responses import PrometheusServiceResponse
from moto.backup import urls as backup_urls
from moto.backup.responses import BackupResponse
from moto.budgets.responses import BudgetsResponse
from moto.ce.responses import CostExplorerResponse
from moto.cloudtrail.models import CloudTrailBackend
from moto.guardduty import models as guardduty
from moto.kms.responses import KmsResponse
from moto.securityhub import urls as securityhub_urls
from moto.securityhub.responses import SecurityHubResponse
from operations import add, body, kept, not_found, path, where

budget_tags, monitors, subscriptions = kept(), kept(), kept()
hub_settings, standards, selections = kept(), kept(), kept()


# ---- budgets


def describe_subscribers_for_notification(self: Any) -> str:
    sent = body(self)
    budget = self.backend.budgets[sent["AccountId"]][sent["BudgetName"]]
    wanted = sent["Notification"]
    same = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
    for notification in budget.notifications:
        if all(notification.details.get(key) == wanted.get(key) for key in same):
            return json.dumps({"Subscribers": notification.subscribers})
    return json.dumps({"Subscribers": []})


def create_budget(create: Any) -> Any:
    def operation(self: Any) -> Any:
        sent = body(self)
        name = f"arn:aws:budgets::{sent['AccountId']}:budget/{sent['Budget']['BudgetName']}"
        budget_tags[where(self)[0], ""][name] = {tag["Key"]: tag["Value"] for tag in sent.get("ResourceTags", [])}
        return create(self)

    return operation


def update_budget(self: Any) -> str:
    sent = body(self)
    self.backend.budgets[sent["AccountId"]][sent["NewBudget"]["BudgetName"]].budget.update(sent["NewBudget"])
    return json.dumps({})


def budget_tag_list(self: Any) -> str:
    tags = budget_tags[where(self)[0], ""].get(body(self)["ResourceARN"], {})
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]})


def tag_budget(self: Any) -> str:
    tags = {tag["Key"]: tag["Value"] for tag in body(self)["ResourceTags"]}
    budget_tags[where(self)[0], ""].setdefault(body(self)["ResourceARN"], {}).update(tags)
    return json.dumps({})


# ---- anomaly detection


def create_anomaly_monitor(self: Any) -> str:
    arn = f"arn:aws:ce::{self.current_account}:anomalymonitor/{uuid.uuid4()}"
    monitors[where(self)[0], ""][arn] = {**body(self)["AnomalyMonitor"], "MonitorArn": arn}
    self.ce_backend.tag_resource(arn, body(self).get("ResourceTags", []))
    return json.dumps({"MonitorArn": arn})


def get_anomaly_monitors(self: Any) -> str:
    wanted = body(self).get("MonitorArnList")
    found = monitors[where(self)[0], ""]
    return json.dumps({"AnomalyMonitors": [one for arn, one in found.items() if not wanted or arn in wanted]})


def delete_anomaly_monitor(self: Any) -> str:
    monitors[where(self)[0], ""].pop(body(self)["MonitorArn"], None)
    return json.dumps({})


def create_anomaly_subscription(self: Any) -> str:
    arn = f"arn:aws:ce::{self.current_account}:anomalysubscription/{uuid.uuid4()}"
    sent = {**body(self)["AnomalySubscription"], "SubscriptionArn": arn, "AccountId": self.current_account}
    subscriptions[where(self)[0], ""][arn] = sent
    self.ce_backend.tag_resource(arn, body(self).get("ResourceTags", []))
    return json.dumps({"SubscriptionArn": arn})


def get_anomaly_subscriptions(self: Any) -> str:
    wanted = body(self).get("SubscriptionArnList")
    found = subscriptions[where(self)[0], ""]
    return json.dumps({"AnomalySubscriptions": [one for arn, one in found.items() if not wanted or arn in wanted]})


def delete_anomaly_subscription(self: Any) -> str:
    subscriptions[where(self)[0], ""].pop(body(self)["SubscriptionArn"], None)
    return json.dumps({})


# ---- Security Hub


def update_security_hub_configuration(self: Any) -> str:
    hub_settings[where(self)].update(body(self))
    return json.dumps({})


def describe_hub(describe: Any) -> Any:
    def operation(self: Any) -> Any:
        answer = describe(self)
        if not isinstance(answer, str):
            return answer
        return json.dumps({"AutoEnableControls": True, **json.loads(answer), **hub_settings[where(self)]})

    return operation


def batch_enable_standards(self: Any) -> str:
    account, region = where(self)
    made = []
    for request in body(self)["StandardsSubscriptionRequests"]:
        standard = request["StandardsArn"]
        name = standard.split("::", 1)[1].split("/", 1)[1]
        arn = f"arn:aws:securityhub:{region}:{account}:subscription/{name}"
        standards[where(self)][arn] = {
            "StandardsArn": standard,
            "StandardsSubscriptionArn": arn,
            "StandardsInput": {},
            "StandardsStatus": "READY",
        }
        made.append(standards[where(self)][arn])
    return json.dumps({"StandardsSubscriptions": made})


def get_enabled_standards(self: Any) -> str:
    wanted = body(self).get("StandardsSubscriptionArns")
    found = standards[where(self)]
    return json.dumps({"StandardsSubscriptions": [one for arn, one in found.items() if not wanted or arn in wanted]})


def batch_disable_standards(self: Any) -> str:
    gone = [standards[where(self)].pop(arn, None) for arn in body(self)["StandardsSubscriptionArns"]]
    return json.dumps({"StandardsSubscriptions": [{**one, "StandardsStatus": "DELETING"} for one in gone if one]})


# ---- AWS Backup


def plan_and_selection(self: Any) -> tuple[str, str]:
    parts = [part for part in self.parsed_url.path.split("/") if part]
    return parts[2], parts[4] if len(parts) > 4 else ""


def create_backup_selection(self: Any) -> str:
    plan, _ = plan_and_selection(self)
    identity = str(uuid.uuid4())
    selections[where(self)][plan, identity] = body(self)["BackupSelection"]
    return json.dumps({"SelectionId": identity, "BackupPlanId": plan, "CreationDate": 0})


def get_backup_selection(self: Any) -> Any:
    plan, identity = plan_and_selection(self)
    found = selections[where(self)].get((plan, identity))
    if found is None:
        return not_found("ResourceNotFoundException", "Cannot find Backup selection")
    return json.dumps({"BackupSelection": found, "SelectionId": identity, "BackupPlanId": plan})


def delete_backup_selection(self: Any) -> str:
    selections[where(self)].pop(plan_and_selection(self), None)
    return json.dumps({})


def list_tags(self: Any) -> str:
    arn = unquote(self.parsed_url.path.split("/tags/", 1)[1]).strip("/")
    return json.dumps({"Tags": self.backup_backend.list_tags(arn)})


# ---- the rest


def keep_workspace_key() -> None:
    create, description = PrometheusServiceResponse.create_workspace, amp.Workspace.to_dict
    keys: dict[str, str] = {}

    def create_workspace(self: Any) -> Any:
        answer = json.loads(create(self))
        if "kmsKeyArn" in body(self):
            keys[answer["workspaceId"]] = answer["kmsKeyArn"] = body(self)["kmsKeyArn"]
        return json.dumps(answer)

    def to_dict(self: Any) -> Any:
        found = keys.get(self.workspace_id)
        return {**description(self), **({"kmsKeyArn": found} if found else {})}

    PrometheusServiceResponse.create_workspace = create_workspace
    amp.Workspace.to_dict = to_dict


def merge_features() -> None:
    """AWS changes the features that are named and keeps the others; moto forgets the others."""
    update = guardduty.Detector.update

    def merged(self: Any, enable: Any, frequency: Any, sources: Any, features: Any) -> None:
        known = {feature["name"]: feature for feature in self.features}
        known.update({feature["name"]: feature for feature in features or []})
        update(self, enable, frequency, sources, list(known.values()))

    guardduty.Detector.update = merged


def keep_rotation_period() -> None:
    periods: dict[str, int] = {}
    enable, status = KmsResponse.enable_key_rotation, KmsResponse.get_key_rotation_status

    def enable_key_rotation(self: Any) -> Any:
        periods[self._get_param("KeyId")] = self._get_param("RotationPeriodInDays") or 365
        return enable(self)

    def get_key_rotation_status(self: Any) -> Any:
        answer = json.loads(status(self))
        if answer["KeyRotationEnabled"]:
            answer["RotationPeriodInDays"] = periods.get(self._get_param("KeyId"), 365)
        return json.dumps(answer)

    add(KmsResponse, enable_key_rotation=enable_key_rotation, get_key_rotation_status=get_key_rotation_status)


def delete_trails_by_arn() -> None:
    delete = CloudTrailBackend.delete_trail

    def delete_trail(self: Any, name: str) -> None:
        delete(self, self.get_trail(name).trail_name)

    CloudTrailBackend.delete_trail = delete_trail


def extend() -> None:
    add(
        BudgetsResponse,
        create_budget=create_budget(BudgetsResponse.create_budget),
        update_budget=update_budget,
        describe_subscribers_for_notification=describe_subscribers_for_notification,
        list_tags_for_resource=budget_tag_list,
        tag_resource=tag_budget,
    )
    anomaly = {name: operation for name, operation in globals().items() if "anomaly" in name and callable(operation)}
    add(CostExplorerResponse, **anomaly)
    add(
        SecurityHubResponse,
        update_security_hub_configuration=update_security_hub_configuration,
        describe_hub=describe_hub(SecurityHubResponse.describe_hub),
        batch_enable_standards=batch_enable_standards,
        get_enabled_standards=get_enabled_standards,
        batch_disable_standards=batch_disable_standards,
    )
    standard_paths = ("/standards/register$", "/standards/get$", "/standards/deregister$")
    path(securityhub_urls, SecurityHubResponse.dispatch, *standard_paths)
    add(
        BackupResponse,
        create_backup_selection=create_backup_selection,
        get_backup_selection=get_backup_selection,
        delete_backup_selection=delete_backup_selection,
        list_tags=list_tags,
    )
    dispatch = backup_urls.response.dispatch
    path(backup_urls, dispatch, "/backup/plans/(?P<plan>[^/]+)/selections/?$", "/backup/plans/(?P<plan>[^/]+)/selections/(?P<selection>[^/]+)$")
    merge_features()
    keep_rotation_period()
    keep_workspace_key()
    delete_trails_by_arn()
