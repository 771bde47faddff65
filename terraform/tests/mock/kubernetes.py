"""EKS: add-ons, access entries, Pod Identity (missing); access and upgrade settings, the cluster's security group (lost);
settings of node groups that nobody chose (invented)."""

import json
import time
import uuid
from typing import Any
from urllib.parse import unquote

from moto.ec2.models import ec2_backends
from moto.eks import models, urls
from moto.eks.responses import EKSResponse
from operations import add, body, kept, not_found, path, where

addons, entries, policies, identities = kept(), kept(), kept(), kept()
VERSION = "v1.0.0-eksbuild.1"


def parts(response: Any) -> list[str]:
    return [unquote(part) for part in response.parsed_url.path.split("/") if part]


def arn(response: Any, kind: str, *names: str) -> str:
    account, region = where(response)
    return f"arn:aws:eks:{region}:{account}:{kind}/{'/'.join(names)}/{uuid.uuid4()}"


def missing(what: str) -> Any:
    return not_found("ResourceNotFoundException", what)


def create_addon(self: Any) -> Any:
    cluster = parts(self)[1]
    sent = body(self)
    now = time.time()
    addon = {
        "addonName": sent["addonName"],
        "clusterName": cluster,
        "addonVersion": sent.get("addonVersion", VERSION),
        "status": "ACTIVE",
        "addonArn": arn(self, "addon", cluster, sent["addonName"]),
        "configurationValues": sent.get("configurationValues"),
        "createdAt": now,
        "modifiedAt": now,
        "health": {"issues": []},
        "tags": sent.get("tags", {}),
    }
    addons[where(self)][cluster, sent["addonName"]] = {key: value for key, value in addon.items() if value is not None}
    return json.dumps({"addon": addon})


def describe_addon(self: Any) -> Any:
    _, cluster, _, name = parts(self)
    addon = addons[where(self)].get((cluster, name))
    return json.dumps({"addon": addon}) if addon else missing(name)


def update_addon(self: Any) -> Any:
    _, cluster, _, name, _ = parts(self)
    sent = body(self)
    addon = addons[where(self)][cluster, name]
    addon.update({key: sent[key] for key in ("addonVersion", "configurationValues") if key in sent})
    return updated()


def updated() -> str:
    return json.dumps({"update": {"id": str(uuid.uuid4()), "status": "Successful", "type": "ConfigUpdate", "params": []}})


def delete_addon(self: Any) -> Any:
    _, cluster, _, name = parts(self)
    addon = addons[where(self)].pop((cluster, name), None)
    return json.dumps({"addon": addon}) if addon else missing(name)


def create_access_entry(self: Any) -> Any:
    cluster = parts(self)[1]
    sent = body(self)
    now = time.time()
    principal = sent["principalArn"]
    kind = sent.get("type", "STANDARD")
    entry = {
        "clusterName": cluster,
        "principalArn": principal,
        "kubernetesGroups": sent.get("kubernetesGroups", ["system:nodes"] if kind == "EC2_LINUX" else []),
        "accessEntryArn": arn(self, "access-entry", cluster, "role"),
        "username": sent.get("username", principal if kind == "STANDARD" else "system:node:{{EC2PrivateDNSName}}"),
        "type": kind,
        "createdAt": now,
        "modifiedAt": now,
        "tags": sent.get("tags", {}),
    }
    entries[where(self)][cluster, principal] = entry
    return json.dumps({"accessEntry": entry})


def describe_access_entry(self: Any) -> Any:
    _, cluster, _, principal = parts(self)
    entry = entries[where(self)].get((cluster, principal))
    return json.dumps({"accessEntry": entry}) if entry else missing(principal)


def update_access_entry(self: Any) -> Any:
    _, cluster, _, principal = parts(self)
    entry = entries[where(self)][cluster, principal]
    entry.update({key: value for key, value in body(self).items() if key in ("kubernetesGroups", "username")})
    return json.dumps({"accessEntry": entry})


def delete_access_entry(self: Any) -> Any:
    _, cluster, _, principal = parts(self)
    entries[where(self)].pop((cluster, principal), None)
    return json.dumps({})


def associate_access_policy(self: Any) -> Any:
    _, cluster, _, principal, _ = parts(self)
    sent = body(self)
    now = time.time()
    policy = {"policyArn": sent["policyArn"], "accessScope": sent["accessScope"], "associatedAt": now, "modifiedAt": now}
    policies[where(self)].setdefault((cluster, principal), {})[sent["policyArn"]] = policy
    return json.dumps({"clusterName": cluster, "principalArn": principal, "associatedAccessPolicy": policy})


def list_associated_access_policies(self: Any) -> Any:
    _, cluster, _, principal, _ = parts(self)
    found = policies[where(self)].get((cluster, principal), {})
    return json.dumps({"clusterName": cluster, "principalArn": principal, "associatedAccessPolicies": list(found.values())})


def disassociate_access_policy(self: Any) -> Any:
    _, cluster, _, principal, _, policy = parts(self)
    policies[where(self)].get((cluster, principal), {}).pop(policy, None)
    return json.dumps({})


def create_pod_identity_association(self: Any) -> Any:
    cluster = parts(self)[1]
    sent = body(self)
    now = time.time()
    identity = f"a-{uuid.uuid4().hex[:17]}"
    association = {
        "clusterName": cluster,
        "namespace": sent["namespace"],
        "serviceAccount": sent["serviceAccount"],
        "roleArn": sent["roleArn"],
        "associationArn": arn(self, "podidentityassociation", cluster),
        "associationId": identity,
        "tags": sent.get("tags", {}),
        "createdAt": now,
        "modifiedAt": now,
    }
    identities[where(self)][cluster, identity] = association
    return json.dumps({"association": association})


def describe_pod_identity_association(self: Any) -> Any:
    _, cluster, _, identity = parts(self)
    association = identities[where(self)].get((cluster, identity))
    return json.dumps({"association": association}) if association else missing(identity)


def list_pod_identity_associations(self: Any) -> Any:
    cluster = parts(self)[1]
    fields = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId")
    found = [value for (name, _), value in identities[where(self)].items() if name == cluster]
    return json.dumps({"associations": [{field: one[field] for field in fields} for one in found]})


def delete_pod_identity_association(self: Any) -> Any:
    _, cluster, _, identity = parts(self)
    return json.dumps({"association": identities[where(self)].pop((cluster, identity), {})})


def describe_update(self: Any) -> Any:
    return updated()


def tags_of(self: Any, resource: str) -> dict[str, str] | None:
    for store, field in ((addons, "addonArn"), (entries, "accessEntryArn"), (identities, "associationArn")):
        for one in store[where(self)].values():
            if one[field] == resource:
                return one["tags"]
    return None


def extend() -> None:
    add(
        EKSResponse,
        **{
            name: operation
            for name, operation in globals().items()
            if name.startswith(("create_", "describe_", "update_", "delete_", "list_", "associate_", "disassociate_"))
        },
    )
    cluster = "/clusters/(?P<name>[^/]+)"
    path(
        urls,
        urls.response.dispatch,
        f"{cluster}/addons$",
        f"{cluster}/addons/(?P<addonName>[^/]+)$",
        f"{cluster}/addons/(?P<addonName>[^/]+)/update$",
        f"{cluster}/access-entries$",
        f"{cluster}/access-entries/(?P<principalArn>[^/]+)$",
        f"{cluster}/access-entries/(?P<principalArn>.+)/access-policies$",
        f"{cluster}/access-entries/(?P<principalArn>.+)/access-policies/(?P<policyArn>.+)$",
        f"{cluster}/access-entries/(?P<principalArn>.+)$",
        f"{cluster}/pod-identity-associations$",
        f"{cluster}/pod-identity-associations/(?P<associationId>[^/]+)$",
        f"{cluster}/updates/(?P<updateId>[^/]+)$",
    )
    keep_cluster_settings()
    keep_node_group_settings()
    tag_everything()


def keep_cluster_settings() -> None:
    create = EKSResponse.create_cluster

    def create_cluster(self: Any) -> Any:
        sent = body(self)
        answer = create(self)
        cluster = self.eks_backend.clusters[sent["name"]]
        cluster.access_config = {"authenticationMode": sent.get("accessConfig", {}).get("authenticationMode", "CONFIG_MAP")}
        if "bootstrapClusterCreatorAdminPermissions" in sent.get("accessConfig", {}):
            cluster.access_config["bootstrapClusterCreatorAdminPermissions"] = sent["accessConfig"][
                "bootstrapClusterCreatorAdminPermissions"
            ]
        cluster.upgrade_policy = sent.get("upgradePolicy", {"supportType": "EXTENDED"})
        ec2 = ec2_backends[self.current_account][self.region]
        subnet = ec2.get_subnet(cluster.resources_vpc_config["subnetIds"][0])
        group = ec2.create_security_group(
            f"eks-cluster-sg-{cluster.name}-{uuid.uuid4().hex[:8]}", "made by EKS", vpc_id=subnet.vpc_id
        )
        cluster.resources_vpc_config["clusterSecurityGroupId"] = group.id
        cluster.resources_vpc_config["vpcId"] = subnet.vpc_id
        cluster.identity = {"oidc": {"issuer": f"https://oidc.eks.{self.region}.amazonaws.com/id/{uuid.uuid4().hex.upper()}"}}
        return answer

    delete = EKSResponse.delete_cluster

    def delete_cluster(self: Any) -> Any:
        cluster = self.eks_backend.clusters.get(parts(self)[1])
        answer = delete(self)
        if cluster:
            ec2_backends[self.current_account][self.region].delete_security_group(
                group_id=cluster.resources_vpc_config["clusterSecurityGroupId"]
            )
        return answer

    add(EKSResponse, create_cluster=create_cluster, delete_cluster=delete_cluster)


def keep_node_group_settings() -> None:
    make = models.Nodegroup.__init__

    def init(self: Any, *args: Any, **sent: Any) -> None:
        make(self, *args, **sent)
        if not sent.get("remote_access"):
            self.remote_access = None
            self.resources = {"autoScalingGroups": self.resources["autoScalingGroups"]}
        if self.launch_template:
            self.disk_size = None
        self.release_version = sent.get("release_version") or f"{self.version}.0-20261007"

    models.Nodegroup.__init__ = init
    create = EKSResponse.create_nodegroup

    def create_nodegroup(self: Any) -> Any:
        sent = body(self)
        answer = create(self)
        group = self.eks_backend.clusters[parts(self)[1]].nodegroups[sent["nodegroupName"]]
        group.update_config = sent.get("updateConfig", {"maxUnavailable": 1})
        group.node_repair_config = sent.get("nodeRepairConfig", {"enabled": False})
        return answer

    add(EKSResponse, create_nodegroup=create_nodegroup)


def tag_everything() -> None:
    list_, tag, untag = EKSResponse.list_tags_for_resource, EKSResponse.tag_resource, EKSResponse.untag_resource

    def resource(self: Any) -> str:
        return unquote(self.parsed_url.path.split("/tags/", 1)[1])

    def list_tags_for_resource(self: Any) -> Any:
        found = tags_of(self, resource(self))
        return list_(self) if found is None else json.dumps({"tags": found})

    def tag_resource(self: Any) -> Any:
        found = tags_of(self, resource(self))
        if found is None:
            return tag(self)
        found.update(body(self)["tags"])
        return json.dumps({})

    def untag_resource(self: Any) -> Any:
        found = tags_of(self, resource(self))
        if found is None:
            return untag(self)
        for key in self.querystring.get("tagKeys", []):
            found.pop(key, None)
        return json.dumps({})

    add(EKSResponse, list_tags_for_resource=list_tags_for_resource, tag_resource=tag_resource, untag_resource=untag_resource)
