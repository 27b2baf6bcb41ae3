"""ElastiCache replication groups: their members are cache clusters, every modification holds, deletion deletes
and leaves the final snapshot that it was asked for.

The provider reads most of a group's settings (engine version, parameter group, security groups, window) from its
member clusters, which moto doesn't make.
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ReplicationGroup.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyReplicationGroup.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteReplicationGroup.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.exceptions import ElastiCacheException, ReplicationGroupNotFound
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from emulator.services.elasticache.replica_counts import place_in_zones
from emulator.serving.patching import add_actions, replace, zone_names

# Given to create_cache_cluster only because moto's signature asks for them.
UNUSED_CLUSTER_SETTINGS: dict[str, Any] = dict.fromkeys(
    (
        "az_mode",
        "preferred_availability_zones",
        "cache_security_group_names",
        "snapshot_arns",
        "snapshot_name",
        "outpost_mode",
        "preferred_outpost_arn",
        "preferred_outpost_arns",
        "log_delivery_configurations",
    )
)


def install() -> None:
    _create_with_members()
    _delete_with_members()
    _delete_after_a_final_snapshot()
    add_actions(ElastiCacheResponse, modify_replication_group)


def full_version(version: str | None) -> str | None:
    """What AWS shows for an engine version as people write it: "7.2" is shown as "7.2.0"."""
    return f"{version}.0" if version and version.count(".") == 1 else version


def _create_with_members() -> None:
    original_create: Any = ElastiCacheBackend.create_replication_group

    def create_replication_group(self: Any, **given: Any) -> Any:
        number_of_nodes = given.get("num_cache_clusters") or 0
        if number_of_nodes > 1 and not given.get("replicas_per_node_group") and not given.get("num_node_groups"):
            given["replicas_per_node_group"] = number_of_nodes - 1
        if (given.get("num_node_groups") or 0) > 1:
            given["cluster_mode"] = given.get("cluster_mode") or "enabled"
        group = original_create(self, **given)
        place_in_zones(self, group)
        for cluster_id in group.member_clusters:
            _add_member(self, group, cluster_id, given)
        return group

    replace(ElastiCacheBackend, "create_replication_group", create_replication_group)


def _add_member(backend: Any, group: Any, cluster_id: str, given: dict[str, Any]) -> None:
    encrypted_in_transit = given.get("transit_encryption_enabled")
    backend.create_cache_cluster(
        cache_cluster_id=cluster_id,
        replication_group_id=group.replication_group_id,
        preferred_availability_zone=zone_names(backend.region_name)[0],
        num_cache_nodes=1,
        cache_node_type=group.cache_node_type,
        # moto gives the attributes of a node only to this engine; the true one is set below.
        engine="redis",
        engine_version=given.get("engine_version"),
        cache_parameter_group_name=given.get("cache_parameter_group_name"),
        cache_subnet_group_name=given.get("cache_subnet_group_name"),
        security_group_ids=given.get("security_group_ids"),
        tags=given.get("tags"),
        preferred_maintenance_window=given.get("preferred_maintenance_window") or "sun:05:00-sun:06:00",
        port=group.port,
        notification_topic_arn=given.get("notification_topic_arn"),
        auto_minor_version_upgrade=given.get("auto_minor_version_upgrade"),
        snapshot_retention_limit=given.get("snapshot_retention_limit"),
        snapshot_window=given.get("snapshot_window"),
        auth_token=given.get("auth_token"),
        transit_encryption_enabled=encrypted_in_transit,
        network_type="ipv4",
        ip_discovery="ipv4",
        cache_node_ids_to_remove=[],
        cache_node_ids_to_reboot=[],
        **UNUSED_CLUSTER_SETTINGS,
    )
    cluster = backend.cache_clusters[cluster_id]
    cluster.engine = given.get("engine") or "redis"
    cluster.engine_version = full_version(cluster.engine_version)
    cluster.at_rest_encryption_enabled = given.get("at_rest_encryption_enabled")
    cluster.transit_encryption_mode = given.get("transit_encryption_mode") or (
        "required" if encrypted_in_transit else None
    )
    _associate(
        cluster,
        parameter_group=given.get("cache_parameter_group_name"),
        security_group_ids=given.get("security_group_ids"),
        topic_arn=given.get("notification_topic_arn"),
    )


def _associate(
    cluster: Any, *, parameter_group: str | None, security_group_ids: list[str] | None, topic_arn: str | None
) -> None:
    """Note on a member what it is associated with, in the form in which the API shows it."""
    if parameter_group:
        cluster.cache_parameter_group = {
            "CacheParameterGroupName": parameter_group,
            "ParameterApplyStatus": "in-sync",
            "CacheNodeIdsToReboot": [],
        }
    if security_group_ids:
        cluster.security_groups = [{"SecurityGroupId": group, "Status": "active"} for group in security_group_ids]
    if topic_arn:
        cluster.notification_configuration = {"TopicArn": topic_arn, "TopicStatus": "active"}


def _delete_with_members() -> None:
    def delete_replication_group(
        self: Any, replication_group_id: str, retain_primary_cluster: bool | None = None
    ) -> Any:
        if replication_group_id not in self.replication_groups:
            raise ReplicationGroupNotFound(replication_group_id)
        group = self.replication_groups.pop(replication_group_id)
        leaving = group.member_clusters[1:] if retain_primary_cluster else group.member_clusters
        for cluster_id in leaving:
            self.cache_clusters.pop(cluster_id, None)
        group.status = "deleting"
        return group

    replace(ElastiCacheBackend, "delete_replication_group", delete_replication_group)


def _delete_after_a_final_snapshot() -> None:
    original_delete: Any = ElastiCacheResponse.delete_replication_group

    def delete_replication_group(self: Any) -> ActionResult:
        if name := self._get_param("FinalSnapshotIdentifier"):
            # Encrypted with the key of what it was taken from.
            group = self._get_param("ReplicationGroupId")
            self.elasticache_backend.create_snapshot(name, group, None, kms_key_id=None, tags=None)
        return original_delete(self)

    replace(ElastiCacheResponse, "delete_replication_group", delete_replication_group)


def modify_replication_group(self: Any) -> ActionResult:
    backend = self.elasticache_backend
    group = backend.replication_groups.get(self._get_param("ReplicationGroupId"))
    if group is None:
        raise ElastiCacheException("ReplicationGroupNotFoundFault", "The replication group does not exist.")
    _change_group(self, group)
    for cluster_id in group.member_clusters:
        _change_member(self, backend.cache_clusters[cluster_id])
    return ActionResult({"ReplicationGroup": group})


def _change_group(response: Any, group: Any) -> None:
    for parameter, attribute in (
        ("ReplicationGroupDescription", "description"),
        ("Engine", "engine"),
        ("CacheNodeType", "cache_node_type"),
        ("SnapshotWindow", "snapshot_window"),
    ):
        if response._get_param(parameter):
            setattr(group, attribute, response._get_param(parameter))
    for parameter, attribute in (("AutomaticFailoverEnabled", "automatic_failover"), ("MultiAZEnabled", "multi_az")):
        if response._get_param(parameter) is not None:
            enabled = str(response._get_param(parameter)).lower() == "true"
            setattr(group, attribute, "enabled" if enabled else "disabled")
    if response._get_param("SnapshotRetentionLimit") is not None:
        group.snapshot_retention_limit = int(response._get_param("SnapshotRetentionLimit"))
    if response._get_param("AuthToken"):
        group.auth_token_enabled = True
    _set_minor_upgrades(response, group)


def _change_member(response: Any, cluster: Any) -> None:
    _associate(
        cluster,
        parameter_group=response._get_param("CacheParameterGroupName"),
        security_group_ids=response._get_param("SecurityGroupIds"),
        topic_arn=response._get_param("NotificationTopicArn"),
    )
    if response._get_param("EngineVersion"):
        cluster.engine_version = full_version(response._get_param("EngineVersion"))
    for parameter, attribute in (
        ("Engine", "engine"),
        ("CacheNodeType", "cache_node_type"),
        ("PreferredMaintenanceWindow", "preferred_maintenance_window"),
    ):
        if response._get_param(parameter):
            setattr(cluster, attribute, response._get_param(parameter))
    _set_minor_upgrades(response, cluster)


def _set_minor_upgrades(response: Any, group_or_member: Any) -> None:
    if (given := response._get_param("AutoMinorVersionUpgrade")) is not None:
        group_or_member.auto_minor_version_upgrade = str(given).lower() == "true"
