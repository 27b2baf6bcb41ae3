"""What AWS offers in the region: zones, interface endpoints, instance classes, node types and engine versions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from aws.client import Json, items
from story.doctor.finding import Finding, Severity, ok, unknown
from story.doctor.preflight.account import AURORA, DOCUMENTDB, VALKEY
from story.doctor.preflight.planned import Planned
from story.doctor.preflight.subject import Subject

ZONES, ENDPOINTS, OFFERS = "zones", "endpoints", "offers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """Database instances that the update creates.

    Attributes:
        setting: Section of the settings: `aurora`, `documentdb`.
        client: Name of the boto3 client.
        engine: Name of the engine.
        version: Its version, in full or the beginning of one.
        instance_class: Instance class.
        zones: Zones that instances are placed in.
    """

    setting: str
    client: str
    engine: str
    version: str
    instance_class: str
    zones: Sequence[str]


def ordered(planned: Planned) -> list[Ordered]:
    """The database instances of a stack, by engine and instance class."""
    found: list[Ordered] = []
    for setting, client, engine, cluster, instance in (
        ("aurora", "rds", "aurora-mysql", AURORA, "aws:rds/clusterInstance:ClusterInstance"),
        ("documentdb", "docdb", "docdb", DOCUMENTDB, "aws:docdb/clusterInstance:ClusterInstance"),
    ):
        version = next(iter(planned.texts(cluster, "engineVersion")), "")
        for class_ in planned.texts(instance, "instanceClass"):
            inputs = [one.inputs for one in planned.all(instance) if one.inputs.get("instanceClass") == class_]
            zones = sorted({str(one["availabilityZone"]) for one in inputs if one.get("availabilityZone")})
            found.append(
                Ordered(
                    setting=setting, client=client, engine=engine, version=version, instance_class=class_, zones=zones
                )
            )
    return found


def evaluate_zones(zones: Sequence[str], response: Json) -> Iterator[Finding]:
    """Whether the account can use the zones; accounts have different Availability Zones of a region.

    Args:
        zones: `network.zones`.
        response: Response of DescribeAvailabilityZones.
    """
    found = {str(one.get("ZoneName")): one for one in items(response, "AvailabilityZones")}
    usable = sorted(name for name, one in found.items() if _is_usable(one))
    for zone in zones:
        if zone in usable:
            yield ok(ZONES, zone, f"{zone} is available")
            continue
        state = str(found.get(zone, {}).get("State", ""))
        yield Finding(
            area=ZONES,
            subject=zone,
            severity=Severity.ERROR,
            what=f"{zone} is {state}" if zone in found else f"this account does not have the zone {zone}",
            why="subnets cannot be created there",
            fix=f"set network.zones to some of {', '.join(usable) or 'another region'}",
        )


def evaluate_endpoint(service: str, zones: Sequence[str], details: Sequence[Json]) -> Finding:
    """Whether an interface endpoint is offered in the stack's zones.

    Args:
        service: Its service name.
        zones: Zones of the subnets.
        details: The endpoint services of the region, as DescribeVpcEndpointServices returns them.
    """
    kinds = [
        one
        for one in details
        if one.get("ServiceName") == service
        and "Interface" in {str(kind.get("ServiceType")) for kind in items(one, "ServiceType")}
    ]
    name = service.split(".", 3)[-1]
    fix = f"remove {name} from network.interface_endpoints, or change network.nat or network.zones"
    if not kinds:
        return _error(
            ENDPOINTS,
            name,
            f"the region has no interface endpoint {service}",
            "the update fails with InvalidService",
            fix,
        )
    offered = {str(zone) for one in kinds for zone in cast(Sequence[Any], one.get("AvailabilityZones") or ())}
    missing = [zone for zone in zones if zone not in offered]
    if missing:
        return _error(
            ENDPOINTS,
            name,
            f"not offered in {', '.join(missing)}",
            "the endpoint cannot have a subnet in that zone",
            fix,
        )
    return ok(ENDPOINTS, name, f"offered in {', '.join(zones)}")


def evaluate_orderable(order: Ordered, zones: Sequence[str], options: Sequence[Json]) -> Finding:
    """Whether an instance class is available with an engine version in the zones.

    Source: docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeOrderableDBInstanceOptions.html

    Args:
        order: The instances that the update creates.
        zones: Zones of the stack, for instances without a zone of their own.
        options: Orderable options of the engine and the instance class.
    """
    subject = f"{order.setting} {order.instance_class}"
    if not options:
        return _error(
            OFFERS,
            subject,
            f"{order.engine} does not offer {order.instance_class} in this region",
            "the update fails with InvalidParameterCombination, after it has created the cluster",
            f"set another {order.setting}.instance_class: `aws {order.client} describe-orderable-db-instance-options "
            f"--engine {order.engine} --query 'OrderableDBInstanceOptions[].DBInstanceClass'` lists them",
        )
    fitting = [one for one in options if _is_version(str(one.get("EngineVersion", "")), order.version)]
    if not fitting:
        available = sorted({str(one.get("EngineVersion", "")) for one in options})
        return _error(
            OFFERS,
            subject,
            f"not offered with version {order.version}",
            "the update fails with InvalidParameterCombination, after it has created the cluster",
            f"set {order.setting}.engine_version to one of {', '.join(available)}, or set another "
            f"{order.setting}.instance_class",
        )
    needed = order.zones or zones
    offered = {str(zone.get("Name")) for one in fitting for zone in items(one, "AvailabilityZones")}
    missing = [zone for zone in needed if zone not in offered]
    if missing:
        return _error(
            OFFERS,
            subject,
            f"not offered in {', '.join(missing)}",
            "the update fails with InvalidParameterCombination or InsufficientDBInstanceCapacity there",
            f"set another {order.setting}.instance_class, or other network.zones; it is offered in "
            f"{', '.join(sorted(offered)) or 'no zone'}",
        )
    return ok(OFFERS, subject, f"available in {', '.join(needed)}")


def evaluate_cache_version(version: str, engine: str, versions: Sequence[Json]) -> Finding:
    """Whether ElastiCache offers an engine version.

    Args:
        version: Version of the replication group.
        engine: `valkey`.
        versions: Versions of the engine from DescribeCacheEngineVersions.
    """
    available = sorted({str(one.get("EngineVersion", "")) for one in versions})
    if any(_is_version(one, version) for one in available):
        return ok(OFFERS, f"valkey {version}", f"ElastiCache offers {engine} {version}")
    return _error(
        OFFERS,
        f"valkey {version}",
        f"ElastiCache does not offer {engine} {version} in this region",
        "the replication group cannot be created: InvalidParameterCombination",
        f"set valkey.engine_version to one of {', '.join(available) or 'none'}",
    )


def evaluate_node_type(node_type: str, offerings: Sequence[Json]) -> Finding:
    """Whether ElastiCache offers a node type. No request returns that, but reserved nodes are offered only for existing
    types.

    Args:
        node_type: Node type.
        offerings: Offerings of reserved nodes of the type in the region.
    """
    subject = f"valkey {node_type}"
    if offerings:
        return ok(OFFERS, subject, "reserved nodes of this type are offered in this region")
    return unknown(
        OFFERS,
        subject,
        f"whether ElastiCache has {node_type}: no reserved nodes of this type are offered in this region, and no "
        "request lists node types; see docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html",
    )


def check_zones(subject: Subject) -> Iterator[Finding]:
    """The availability zones."""
    yield from evaluate_zones(subject.planned.zones, subject.aws.call("ec2", "describe_availability_zones"))


def check_endpoints(subject: Subject) -> Iterator[Finding]:
    """The interface endpoints."""
    services = subject.planned.interface_endpoints
    if services:
        details = subject.aws.paginate("ec2", "describe_vpc_endpoint_services", "ServiceDetails")
        for service in services:
            yield evaluate_endpoint(service, subject.planned.zones, details)


def check_orderable(subject: Subject, order: Ordered) -> Iterator[Finding]:
    """An instance class of a database."""
    # The request has no version, because the setting may be the beginning of one.
    options = subject.aws.paginate(
        order.client,
        "describe_orderable_db_instance_options",
        "OrderableDBInstanceOptions",
        Engine=order.engine,
        DBInstanceClass=order.instance_class,
    )
    yield evaluate_orderable(order, subject.planned.zones, options)


def check_cache_version(subject: Subject) -> Iterator[Finding]:
    """The engine version of the cache."""
    for one in subject.planned.all(VALKEY):
        engine, version = str(one.inputs.get("engine", "valkey")), str(one.inputs.get("engineVersion", ""))
        versions = subject.aws.paginate(
            "elasticache", "describe_cache_engine_versions", "CacheEngineVersions", Engine=engine
        )
        yield evaluate_cache_version(version, engine, versions)


def check_node_type(subject: Subject) -> Iterator[Finding]:
    """The node type of the cache."""
    for node_type in subject.planned.texts(VALKEY, "nodeType"):
        offerings = subject.aws.paginate(
            "elasticache",
            "describe_reserved_cache_nodes_offerings",
            "ReservedCacheNodesOfferings",
            CacheNodeType=node_type,
        )
        yield evaluate_node_type(node_type, offerings)


def _is_usable(zone: Json) -> bool:
    return zone.get("State") == "available" and zone.get("OptInStatus") != "not-opted-in"


def _is_version(available: str, required: str) -> bool:
    """Whether an available version matches the required one, whose end may be left out: `8.0` matches every `8.0.x`."""
    return available == required or available.startswith(f"{required}.") or not required


def _error(area: str, subject: str, what: str, why: str, fix: str) -> Finding:
    return Finding(area=area, subject=subject, severity=Severity.ERROR, what=what, why=why, fix=fix)
