"""ElastiCache parameter groups, which moto lacks.

https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheParameterGroup.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheParameterGroup.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteCacheParameterGroup.html ("You cannot
delete a cache parameter group if it is associated with any cache clusters.")
"""

from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.responses import ElastiCacheResponse

from emulator.serving.patching import add_actions, kept

DEFAULTS: Mapping[str, str] = {"maxmemory-policy": "volatile-lru"}
"""https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html, as far as anybody sets them"""


def install() -> None:
    add_actions(
        ElastiCacheResponse,
        create_cache_parameter_group,
        describe_cache_parameter_groups,
        modify_cache_parameter_group,
        reset_cache_parameter_group,
        describe_cache_parameters,
        delete_cache_parameter_group,
    )


def groups(backend: Any) -> dict[str, dict[str, Any]]:
    """The parameter groups of a backend, by name, as the API shows them."""
    return kept(backend, "parameter_groups")


def _parameters(response: Any, group_name: str) -> dict[str, str]:
    return kept(response.elasticache_backend, "parameters").setdefault(group_name, {})


def _asked_for(response: Any) -> dict[str, Any]:
    name = response._get_param("CacheParameterGroupName")
    known = groups(response.elasticache_backend)
    if name not in known:
        raise ElastiCacheException("CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found.")
    return known[name]


def create_cache_parameter_group(self: Any) -> ActionResult:
    backend = self.elasticache_backend
    name = self._get_param("CacheParameterGroupName")
    if name in groups(backend):
        raise ElastiCacheException("CacheParameterGroupAlreadyExists", f"Parameter group {name} already exists.")
    group = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": self._get_param("CacheParameterGroupFamily"),
        "Description": self._get_param("Description"),
        "IsGlobal": False,
        "ARN": f"arn:aws:elasticache:{self.region}:{self.current_account}:parametergroup:{name}",
    }
    groups(backend)[name] = group
    backend.tagging_service.tag_resource(group["ARN"], self._get_param("Tags", []))
    return ActionResult({"CacheParameterGroup": group})


def describe_cache_parameter_groups(self: Any) -> ActionResult:
    if self._get_param("CacheParameterGroupName"):
        return ActionResult({"CacheParameterGroups": [_asked_for(self)]})
    return ActionResult({"CacheParameterGroups": list(groups(self.elasticache_backend).values())})


def modify_cache_parameter_group(self: Any) -> ActionResult:
    name = _asked_for(self)["CacheParameterGroupName"]
    for parameter in self._get_param("ParameterNameValues", []):
        changed, value = parameter["ParameterName"], parameter["ParameterValue"]
        if DEFAULTS.get(changed) == value:
            # AWS does not take its own default for a value that a user set.
            _parameters(self, name).pop(changed, None)
        else:
            _parameters(self, name)[changed] = value
    return ActionResult({"CacheParameterGroupName": name})


def reset_cache_parameter_group(self: Any) -> ActionResult:
    name = _asked_for(self)["CacheParameterGroupName"]
    if self._get_param("ResetAllParameters"):
        _parameters(self, name).clear()
    for parameter in self._get_param("ParameterNameValues", []):
        _parameters(self, name).pop(parameter["ParameterName"], None)
    return ActionResult({"CacheParameterGroupName": name})


def describe_cache_parameters(self: Any) -> ActionResult:
    """What a person has set; AWS's own values of all the others are not emulated."""
    set_by_user = _parameters(self, _asked_for(self)["CacheParameterGroupName"])
    shown = [
        {"ParameterName": name, "ParameterValue": value, "Source": "user", "DataType": "string", "IsModifiable": True}
        for name, value in set_by_user.items()
    ]
    return ActionResult({"Parameters": shown})


def delete_cache_parameter_group(self: Any) -> EmptyResult:
    backend = self.elasticache_backend
    name = _asked_for(self)["CacheParameterGroupName"]
    for cluster in backend.cache_clusters.values():
        used = getattr(cluster, "cache_parameter_group", None) or {}
        if used.get("CacheParameterGroupName") == name:
            raise ElastiCacheException(
                "InvalidCacheParameterGroupState", f"Parameter group {name} is used by {cluster.cache_cluster_id}."
            )
    del groups(backend)[name]
    _parameters(self, name).clear()
    return EmptyResult()
