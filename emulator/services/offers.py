"""What can be ordered in a region: instance classes of Aurora MySQL and DocumentDB, versions and nodes of ElastiCache.

Classes are offered by family and size, as the tables of AWS have them, in every zone of the region:

- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.DBInstanceClass.SupportAurora.html
- https://docs.aws.amazon.com/documentdb/latest/developerguide/db-instance-classes.html
- https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html
- https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html
"""

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.responses import ElastiCacheResponse
from moto.rds.responses import RDSResponse

from emulator.services.rds.engines import DOCUMENTDB, VERSIONS
from emulator.serving.patching import add_actions, zone_names

LARGE = "(large|xlarge|2xlarge|4xlarge|8xlarge|12xlarge|16xlarge)"
CLASSES = {
    "aurora-mysql": re.compile(rf"db\.(serverless|t3\.(medium|large)|t4g\.(medium|large)|(r5|r6g|r6i|r7g)\.{LARGE})"),
    DOCUMENTDB: re.compile(rf"db\.(t3\.medium|t4g\.medium|(r5|r6g)\.{LARGE})"),
}
NODE_TYPES = re.compile(rf"cache\.((t3|t4g)\.(micro|small|medium)|(m5|m6g|m7g|r5|r6g|r7g)\.{LARGE})")
CACHE_VERSIONS = {"valkey": ("7.2", "8.0", "8.1"), "redis": ("6.2", "7.0", "7.1"), "memcached": ("1.6.22",)}


def install() -> None:
    add_actions(RDSResponse, describe_orderable_db_instance_options)
    add_actions(ElastiCacheResponse, describe_cache_engine_versions, describe_reserved_cache_nodes_offerings)


def describe_orderable_db_instance_options(self: Any) -> ActionResult:
    engine, version, class_ = (self.params.get(name) for name in ("Engine", "EngineVersion", "DBInstanceClass"))
    offered = CLASSES.get(engine)
    found = [
        {
            "Engine": engine,
            "EngineVersion": known,
            "DBInstanceClass": class_,
            "AvailabilityZones": [{"Name": zone} for zone in zone_names(self.region)],
            "Vpc": True,
        }
        for known in VERSIONS.get(engine, ())
        if class_ and offered and offered.fullmatch(class_) and version in (None, known)
    ]
    return ActionResult({"OrderableDBInstanceOptions": found})


def describe_cache_engine_versions(self: Any) -> ActionResult:
    engine = self.params.get("Engine")
    found = [
        {"Engine": known, "EngineVersion": version, "CacheParameterGroupFamily": f"{known}{version.split('.')[0]}"}
        for known, versions in CACHE_VERSIONS.items()
        for version in versions
        if engine in (None, known)
    ]
    return ActionResult({"CacheEngineVersions": found})


def describe_reserved_cache_nodes_offerings(self: Any) -> ActionResult:
    node_type = self.params.get("CacheNodeType") or ""
    found = [
        {
            "ReservedCacheNodesOfferingId": "00000000-0000-4000-8000-000000000000",
            "CacheNodeType": node_type,
            "Duration": 31_536_000,
            "ProductDescription": "valkey",
            "OfferingType": "No Upfront",
        }
    ]
    return ActionResult({"ReservedCacheNodesOfferings": found if NODE_TYPES.fullmatch(node_type) else []})
