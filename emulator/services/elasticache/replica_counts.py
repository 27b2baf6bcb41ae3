"""ElastiCache: replicas that are added to a replication group without shards, and taken away, which moto lacks.

https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_IncreaseReplicaCount.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DecreaseReplicaCount.html (NewReplicaCount: at
least 1 with Multi-AZ, else 0)
"""

import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.responses import ElastiCacheResponse

from emulator.serving.patching import add_actions, zone_names


def install() -> None:
    add_actions(ElastiCacheResponse, increase_replica_count, decrease_replica_count)


def increase_replica_count(self: Any) -> ActionResult:
    group, wanted = _asked_for(self)
    if wanted < len(group.member_clusters):
        raise _refused(f"the group has {len(group.member_clusters) - 1} replicas already.")
    return _set_members(self.elasticache_backend, group, wanted)


def decrease_replica_count(self: Any) -> ActionResult:
    group, wanted = _asked_for(self)
    if wanted >= len(group.member_clusters):
        raise _refused(f"the group has {len(group.member_clusters) - 1} replicas.")
    if wanted == 1 and group.multi_az == "enabled":
        raise _refused("a group with Multi-AZ has at least 1 replica.")
    return _set_members(self.elasticache_backend, group, wanted)


def _asked_for(response: Any) -> tuple[Any, int]:
    """The group, and how many nodes it is to have."""
    group = response.elasticache_backend.replication_groups.get(response._get_param("ReplicationGroupId"))
    if group is None:
        raise ElastiCacheException("ReplicationGroupNotFoundFault", "The replication group does not exist.")
    return group, 1 + int(response._get_param("NewReplicaCount"))


def _refused(why: str) -> ElastiCacheException:
    return ElastiCacheException("InvalidParameterValue", f"NewReplicaCount: {why}")


def _set_members(backend: Any, group: Any, wanted: int) -> ActionResult:
    clusters, before = backend.cache_clusters, list(group.member_clusters)
    [node_group] = group.node_groups
    node_group["node_group_members"] = []
    group.member_clusters.clear()
    group._set_node_members_clusters_disabled(
        member_clusters=group.member_clusters,
        replication_group_id=group.replication_group_id,
        replication_group_domain=node_group["primary_endpoint_address"].removeprefix("master."),
        node_group=node_group,
        preferred_cache_cluster_azs=[],
        num_cache_clusters=wanted,
        replicas_per_node_group=wanted - 1,
    )
    place_in_zones(backend, group)
    for leaving in set(before) - set(group.member_clusters):
        del clusters[leaving]
    for name in group.member_clusters:
        if name not in clusters:
            clusters[name] = _like(clusters[before[0]], name)
    return ActionResult({"ReplicationGroup": group})


def _like(member: Any, name: str) -> Any:
    added = copy.copy(member)
    added.cache_cluster_id, added.arn = name, member.arn.replace(member.cache_cluster_id, name)
    return added


def place_in_zones(backend: Any, group: Any) -> None:
    """Spread the nodes of each of a group's node groups over the region's zones."""
    zones = zone_names(backend.region_name)
    for node_group in group.node_groups:
        for index, member in enumerate(node_group["node_group_members"]):
            member["preferred_availability_zone"] = zones[index % len(zones)]
