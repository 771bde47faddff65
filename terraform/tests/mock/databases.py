"""Secrets Manager: the keys of replicas (lost). RDS: the source of parameters, Performance Insights (lost), zones of a
replica (invented). Redshift: parameters, snapshot schedules (missing), the cluster's states, managed password, tags of
grants (lost). ElastiCache: parameter groups (missing), nodes and tokens of a group (lost)."""

import uuid
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache import models as elasticache
from moto.elasticache.responses import ElastiCacheResponse
from moto.rds import models as rds
from moto.rds.responses import RDSResponse
from moto.redshift import models as redshift
from moto.redshift.responses import RedshiftResponse
from moto.secretsmanager import models as secrets
from operations import add, kept, where

parameters, schedules, cache_parameters = kept(), kept(), kept()


def extend() -> None:
    extend_secrets()
    extend_rds()
    extend_redshift()
    extend_elasticache()


# ---- Secrets Manager


def extend_secrets() -> None:
    make = secrets.FakeSecret.create_replicas

    def create_replicas(self: Any, replica_regions: list[dict[str, str]], force_overwrite: bool) -> Any:
        made = make(self, replica_regions, force_overwrite)
        for replica, sent in zip(made, replica_regions):
            replica.config["KmsKeyId"] = sent.get("KmsKeyId", replica.config["KmsKeyId"])
        return made

    secrets.FakeSecret.create_replicas = create_replicas


# ---- RDS


def extend_rds() -> None:
    def describe_db_parameters(self: Any) -> ActionResult:
        group = self.backend.describe_db_parameter_groups({"db_parameter_group_name": self.params.get("DBParameterGroupName")})[0]
        return ActionResult({"Parameters": [{"Source": "user", **one} for one in group.parameters.values()]})

    add(RDSResponse, describe_db_parameters=describe_db_parameters)
    make = rds.DBInstance.__init__

    def init(self: Any, *args: Any, **sent: Any) -> None:
        make(self, *args, **sent)
        self.dbi_resource_id = f"db-{uuid.uuid4().hex[:26].upper()}"
        self.performance_insights_enabled = bool(sent.get("enable_performance_insights"))
        self.performance_insights_kms_key_id = sent.get("performance_insights_kms_key_id")
        self.performance_insights_retention_period = sent.get("performance_insights_retention_period")

    rds.DBInstance.__init__ = init
    replicate = rds.RDSBackend.create_db_instance_read_replica

    def create_db_instance_read_replica(self: Any, db_kwargs: Any) -> Any:
        # moto copies the source; a replica stands in one zone unless it is told otherwise
        replica = replicate(self, db_kwargs)
        replica.multi_az = bool(db_kwargs.get("multi_az"))
        return replica

    rds.RDSBackend.create_db_instance_read_replica = create_db_instance_read_replica


# ---- Redshift


def extend_redshift() -> None:
    make = redshift.Cluster.__init__

    def init(self: Any, *args: Any, **sent: Any) -> None:
        make(self, *args, **sent)
        self.cluster_availability_status = "Available"
        self.availability_zone_relocation_status = "disabled"
        self.multi_az = "Disabled"
        roles = ["SHARED"] if self.number_of_nodes == 1 else ["LEADER", *(f"COMPUTE-{i}" for i in range(self.number_of_nodes))]
        self.cluster_nodes = [{"NodeRole": role, "PrivateIPAddress": "10.0.0.4", "PublicIPAddress": ""} for role in roles]
        self.cluster_version = "1.0"
        self.maintenance_track_name = "current"
        self.manual_snapshot_retention_period = -1

    redshift.Cluster.__init__ = init
    create = RedshiftResponse.create_cluster

    def create_cluster(self: Any) -> ActionResult:
        answer = create(self)
        cluster = self.redshift_backend.clusters[self._get_param("ClusterIdentifier")]
        if self._get_bool_param("ManageMasterPassword", False):
            account, region = where(self)
            cluster.master_password_secret_arn = f"arn:aws:secretsmanager:{region}:{account}:secret:redshift!{cluster.cluster_identifier}"
            cluster.master_password_secret_kms_key_id = self._get_param("MasterPasswordSecretKmsKeyId")
        return answer

    grant = RedshiftResponse.create_snapshot_copy_grant

    def create_snapshot_copy_grant(self: Any) -> Any:
        answer = grant(self)
        answer.result["SnapshotCopyGrant"].tags = self._get_param("Tags", [])
        return answer

    def modify_cluster_parameter_group(self: Any) -> ActionResult:
        group = parameters[where(self)].setdefault(self._get_param("ParameterGroupName"), {})
        for one in self._get_param("Parameters", []):
            group[one["ParameterName"]] = {**one, "Source": "user"}
        return ActionResult({"ParameterGroupName": self._get_param("ParameterGroupName"), "ParameterGroupStatus": "updated"})

    def describe_cluster_parameters(self: Any) -> ActionResult:
        return ActionResult({"Parameters": list(parameters[where(self)].get(self._get_param("ParameterGroupName"), {}).values())})

    def create_snapshot_schedule(self: Any) -> ActionResult:
        schedule = {
            "ScheduleIdentifier": self._get_param("ScheduleIdentifier"),
            "ScheduleDescription": self._get_param("ScheduleDescription"),
            "ScheduleDefinitions": self._get_param("ScheduleDefinitions", []),
            "Tags": self._get_param("Tags", []),
            "AssociatedClusters": [],
        }
        schedules[where(self)][schedule["ScheduleIdentifier"]] = schedule
        return ActionResult(schedule)

    def describe_snapshot_schedules(self: Any) -> ActionResult:
        name, cluster = self._get_param("ScheduleIdentifier"), self._get_param("ClusterIdentifier")
        found = [
            one
            for identifier, one in schedules[where(self)].items()
            if name in (None, identifier)
            and (not cluster or cluster in [each["ClusterIdentifier"] for each in one["AssociatedClusters"]])
        ]
        return ActionResult({"SnapshotSchedules": found})

    def modify_cluster_snapshot_schedule(self: Any) -> EmptyResult:
        cluster = self._get_param("ClusterIdentifier")
        for one in schedules[where(self)].values():
            one["AssociatedClusters"] = [each for each in one["AssociatedClusters"] if each["ClusterIdentifier"] != cluster]
        if not self._get_bool_param("DisassociateSchedule", False):
            made = {"ClusterIdentifier": cluster, "ScheduleAssociationState": "ACTIVE"}
            schedules[where(self)][self._get_param("ScheduleIdentifier")]["AssociatedClusters"].append(made)
        return EmptyResult()

    def delete_snapshot_schedule(self: Any) -> EmptyResult:
        schedules[where(self)].pop(self._get_param("ScheduleIdentifier"), None)
        return EmptyResult()

    add(
        RedshiftResponse,
        create_cluster=create_cluster,
        create_snapshot_copy_grant=create_snapshot_copy_grant,
        modify_cluster_parameter_group=modify_cluster_parameter_group,
        describe_cluster_parameters=describe_cluster_parameters,
        create_snapshot_schedule=create_snapshot_schedule,
        describe_snapshot_schedules=describe_snapshot_schedules,
        modify_cluster_snapshot_schedule=modify_cluster_snapshot_schedule,
        delete_snapshot_schedule=delete_snapshot_schedule,
    )
    keep_copy_settings()


def keep_copy_settings() -> None:
    enable = redshift.RedshiftBackend.enable_snapshot_copy

    def enable_snapshot_copy(self: Any, **sent: Any) -> Any:
        cluster = enable(self, **sent)
        cluster.cluster_snapshot_copy_status["ManualSnapshotRetentionPeriod"] = sent.get("manual_snapshot_retention_period") or -1
        return cluster

    redshift.RedshiftBackend.enable_snapshot_copy = enable_snapshot_copy
    respond = RedshiftResponse.enable_snapshot_copy

    def response(self: Any) -> Any:
        answer = respond(self)
        cluster = self.redshift_backend.clusters[self._get_param("ClusterIdentifier")]
        manual = self._get_int_param("ManualSnapshotRetentionPeriod")
        if manual is not None:
            cluster.cluster_snapshot_copy_status["ManualSnapshotRetentionPeriod"] = manual
        return answer

    RedshiftResponse.enable_snapshot_copy = response


# ---- ElastiCache


def extend_elasticache() -> None:
    def create_cache_parameter_group(self: Any) -> ActionResult:
        account, region = where(self)
        name = self._get_param("CacheParameterGroupName")
        group = {
            "CacheParameterGroupName": name,
            "CacheParameterGroupFamily": self._get_param("CacheParameterGroupFamily"),
            "Description": self._get_param("Description"),
            "ARN": f"arn:aws:elasticache:{region}:{account}:parametergroup:{name}",
        }
        tags = self._get_param("Tags", [])
        cache_parameters[where(self)][name] = {"group": group, "parameters": {}, "tags": tags}
        return ActionResult({"CacheParameterGroup": group})

    def describe_cache_parameter_groups(self: Any) -> ActionResult:
        found = cache_parameters[where(self)].get(self._get_param("CacheParameterGroupName"))
        return ActionResult({"CacheParameterGroups": [found["group"]] if found else []})

    def modify_cache_parameter_group(self: Any) -> ActionResult:
        found = cache_parameters[where(self)][self._get_param("CacheParameterGroupName")]
        for one in self._get_param("ParameterNameValues", []):
            found["parameters"][one["ParameterName"]] = {**one, "Source": "user"}
        return ActionResult({"CacheParameterGroupName": self._get_param("CacheParameterGroupName")})

    def describe_cache_parameters(self: Any) -> ActionResult:
        found = cache_parameters[where(self)][self._get_param("CacheParameterGroupName")]
        return ActionResult({"Parameters": list(found["parameters"].values())})

    def delete_cache_parameter_group(self: Any) -> EmptyResult:
        cache_parameters[where(self)].pop(self._get_param("CacheParameterGroupName"), None)
        return EmptyResult()

    def delete_cache_subnet_group(self: Any) -> EmptyResult:
        self.elasticache_backend.cache_subnet_groups.pop(self._get_param("CacheSubnetGroupName"), None)
        return EmptyResult()

    list_tags = ElastiCacheResponse.list_tags_for_resource

    def list_tags_for_resource(self: Any) -> Any:
        arn = self._get_param("ResourceName")
        for one in cache_parameters[where(self)].values():
            if one["group"]["ARN"] == arn:
                return ActionResult({"TagList": one["tags"]})
        return list_tags(self)

    add(
        ElastiCacheResponse,
        create_cache_parameter_group=create_cache_parameter_group,
        describe_cache_parameter_groups=describe_cache_parameter_groups,
        modify_cache_parameter_group=modify_cache_parameter_group,
        describe_cache_parameters=describe_cache_parameters,
        delete_cache_parameter_group=delete_cache_parameter_group,
        delete_cache_subnet_group=delete_cache_subnet_group,
        list_tags_for_resource=list_tags_for_resource,
    )
    make_nodes()
    respond = ElastiCacheResponse.create_replication_group

    def create_replication_group(self: Any) -> Any:
        answer = respond(self)
        group = self.elasticache_backend.replication_groups[self._get_param("ReplicationGroupId")]
        group.at_rest_encryption_enabled = self._get_param("AtRestEncryptionEnabled")
        group.transit_encryption_mode = self._get_param("TransitEncryptionMode")
        group.user_group_ids = self._get_param("UserGroupIds") or None
        return answer

    ElastiCacheResponse.create_replication_group = create_replication_group


def make_nodes() -> None:
    """The nodes of a replication group, which are cache clusters of their own."""
    create = elasticache.ElastiCacheBackend.create_replication_group
    delete = elasticache.ElastiCacheBackend.delete_replication_group

    def create_replication_group(self: Any, **sent: Any) -> Any:
        # moto 5.2 makes one node, whatever num_cache_clusters says, unless replicas are counted by node group.
        replicas = sent.get("replicas_per_node_group") or (sent.get("num_cache_clusters") or 1) - 1
        group = create(self, **{**sent, "replicas_per_node_group": replicas})
        names = [name for name in elasticache.CacheCluster.__init__.__code__.co_varnames if name in sent]
        for member in group.member_clusters:
            arguments = {name: sent[name] for name in names}
            blank = dict.fromkeys(
                name
                for name in elasticache.CacheCluster.__init__.__code__.co_varnames[
                    1 : elasticache.CacheCluster.__init__.__code__.co_argcount
                ]
                if name not in arguments
            )
            node = elasticache.CacheCluster(
                **{**blank, **arguments, "account_id": self.account_id, "region_name": self.region_name, "cache_cluster_id": member}
            )
            node.engine_version = f"{sent.get('engine_version') or '7.1'}.0"
            node.cache_parameter_group = {"CacheParameterGroupName": sent.get("cache_parameter_group_name"), "ParameterApplyStatus": "in-sync"}
            node.security_groups = [{"SecurityGroupId": one, "Status": "active"} for one in sent.get("security_group_ids") or []]
            node.at_rest_encryption_enabled = sent.get("at_rest_encryption_enabled")
            node.transit_encryption_mode = sent.get("transit_encryption_mode")
            self.cache_clusters[member] = node
        return group

    def delete_replication_group(self: Any, **sent: Any) -> Any:
        group = delete(self, **sent)
        for member in list(self.cache_clusters):
            if member.startswith(f"{group.replication_group_id}-"):
                del self.cache_clusters[member]
        del self.replication_groups[group.replication_group_id]
        return group

    elasticache.ElastiCacheBackend.create_replication_group = create_replication_group
    elasticache.ElastiCacheBackend.delete_replication_group = delete_replication_group
