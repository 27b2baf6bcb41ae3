"""ElastiCache subnet groups: modifying and deleting them, which moto lacks.

https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheSubnetGroup.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteCacheSubnetGroup.html ("You cannot delete
a default subnet group or one that is associated with any clusters.")
"""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.models import CacheSubnetGroup
from moto.elasticache.responses import ElastiCacheResponse

from emulator.serving.patching import add_actions


def install() -> None:
    add_actions(ElastiCacheResponse, modify_cache_subnet_group, delete_cache_subnet_group)


def _asked_for(response: Any) -> Any:
    name = response._get_param("CacheSubnetGroupName")
    group = response.elasticache_backend.cache_subnet_groups.get(name)
    if group is None:
        raise ElastiCacheException("CacheSubnetGroupNotFoundFault", f"CacheSubnetGroup {name} not found.")
    return group


def modify_cache_subnet_group(self: Any) -> ActionResult:
    backend = self.elasticache_backend
    known = _asked_for(self)
    changed = CacheSubnetGroup(
        backend.account_id,
        backend.region_name,
        known.cache_subnet_group_name,
        self._get_param("CacheSubnetGroupDescription") or known.cache_subnet_group_description,
        self._get_param("SubnetIds", []) or known.subnet_ids,
        known.tags,
    )
    backend.cache_subnet_groups[known.cache_subnet_group_name] = changed
    return ActionResult({"CacheSubnetGroup": changed})


def delete_cache_subnet_group(self: Any) -> EmptyResult:
    backend = self.elasticache_backend
    name = _asked_for(self).cache_subnet_group_name
    users = [
        cluster.cache_cluster_id
        for cluster in backend.cache_clusters.values()
        if getattr(cluster, "cache_subnet_group_name", None) == name
    ]
    if users:
        raise ElastiCacheException(
            "CacheSubnetGroupInUse", f"Cache subnet group {name} is currently in use by {users[0]}."
        )
    del backend.cache_subnet_groups[name]
    return EmptyResult()
