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
    """Database instances that the update orders.

    Attributes:
        setting: Part of the settings that they stand in: `aurora`, `documentdb`.
        client: Client of boto3 to ask.
        engine: Name of the engine.
        version: Its version, in full or its beginning.
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


def evaluate_zones(wanted: Sequence[str], answer: Json) -> Iterator[Finding]:
    """Whether the account may use the zones: each has some zones of a region, and not those of another account.

    Args:
        wanted: `network.zones`.
        answer: Of DescribeAvailabilityZones.
    """
    found = {str(one.get("ZoneName")): one for one in items(answer, "AvailabilityZones")}
    usable = sorted(name for name, one in found.items() if _is_usable(one))
    for zone in wanted:
        if zone in usable:
            yield ok(ZONES, zone, f"{zone} is available")
            continue
        state = str(found.get(zone, {}).get("State", ""))
        yield Finding(
            area=ZONES,
            subject=zone,
            severity=Severity.ERROR,
            what=f"{zone} is {state}" if zone in found else f"this account has no zone {zone}",
            why="no subnet can be made there",
            fix=f"network.zones: some of {', '.join(usable) or 'another region'}",
        )


def evaluate_endpoint(service: str, wanted_zones: Sequence[str], details: Sequence[Json]) -> Finding:
    """Whether an interface endpoint is offered in the stack's zones.

    Args:
        service: Its service name.
        wanted_zones: Zones of the subnets.
        details: The endpoint services of the region, as DescribeVpcEndpointServices describes them.
    """
    kinds = [
        one
        for one in details
        if one.get("ServiceName") == service
        and "Interface" in {str(kind.get("ServiceType")) for kind in items(one, "ServiceType")}
    ]
    name = service.split(".", 3)[-1]
    fix = f"leave {name} out of network.interface_endpoints, or another network.nat, or other network.zones"
    if not kinds:
        return _error(
            ENDPOINTS,
            name,
            f"the region has no interface endpoint {service}",
            "the update ends with InvalidService",
            fix,
        )
    offered = {str(zone) for one in kinds for zone in cast(Sequence[Any], one.get("AvailabilityZones") or ())}
    missing = [zone for zone in wanted_zones if zone not in offered]
    if missing:
        return _error(
            ENDPOINTS, name, f"not offered in {', '.join(missing)}", "the endpoint takes no subnet of that zone", fix
        )
    return ok(ENDPOINTS, name, f"offered in {', '.join(wanted_zones)}")


def evaluate_orderable(order: Ordered, zones: Sequence[str], options: Sequence[Json]) -> Finding:
    """Whether an instance class can be ordered with an engine version in the zones.

    Source: docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeOrderableDBInstanceOptions.html

    Args:
        order: What the update orders.
        zones: Zones of the stack, for instances that AWS places.
        options: What can be ordered of the engine and the instance class.
    """
    subject = f"{order.setting} {order.instance_class}"
    if not options:
        return _error(
            OFFERS,
            subject,
            f"{order.engine} does not offer {order.instance_class} in this region",
            "the update ends with InvalidParameterCombination, after the cluster was made",
            f"{order.setting}.instance_class: `aws {order.client} describe-orderable-db-instance-options --engine "
            f"{order.engine} --query 'OrderableDBInstanceOptions[].DBInstanceClass'` lists what there is",
        )
    fitting = [one for one in options if _is_version(str(one.get("EngineVersion", "")), order.version)]
    if not fitting:
        there = sorted({str(one.get("EngineVersion", "")) for one in options})
        return _error(
            OFFERS,
            subject,
            f"not offered with version {order.version}",
            "the update ends with InvalidParameterCombination, after the cluster was made",
            f"{order.setting}.engine_version: one of {', '.join(there)}; or another {order.setting}.instance_class",
        )
    wanted = order.zones or zones
    offered = {str(zone.get("Name")) for one in fitting for zone in items(one, "AvailabilityZones")}
    missing = [zone for zone in wanted if zone not in offered]
    if missing:
        return _error(
            OFFERS,
            subject,
            f"not offered in {', '.join(missing)}",
            "the update ends with InvalidParameterCombination or InsufficientDBInstanceCapacity there",
            f"{order.setting}.instance_class, or network.zones: offered is {', '.join(sorted(offered)) or 'no zone'}",
        )
    return ok(OFFERS, subject, f"can be ordered in {', '.join(wanted)}")


def evaluate_cache_version(version: str, engine: str, versions: Sequence[Json]) -> Finding:
    """Whether ElastiCache offers an engine version.

    Args:
        version: The version that the replication group is made with.
        engine: `valkey`.
        versions: What DescribeCacheEngineVersions lists of the engine.
    """
    there = sorted({str(one.get("EngineVersion", "")) for one in versions})
    if any(_is_version(one, version) for one in there):
        return ok(OFFERS, f"valkey {version}", f"ElastiCache offers {engine} {version}")
    return _error(
        OFFERS,
        f"valkey {version}",
        f"ElastiCache offers no {engine} {version} in this region",
        "the replication group cannot be made: InvalidParameterCombination",
        f"valkey.engine_version: one of {', '.join(there) or 'none'}",
    )


def evaluate_node_type(node_type: str, offerings: Sequence[Json]) -> Finding:
    """Whether ElastiCache offers a node type. No request answers that; a reservation is offered only for what exists.

    Args:
        node_type: Node type.
        offerings: Reservations of the node type that are offered in the region.
    """
    subject = f"valkey {node_type}"
    if offerings:
        return ok(OFFERS, subject, "reserved nodes of this type are offered in this region")
    return unknown(
        OFFERS,
        subject,
        f"whether ElastiCache has {node_type} here: no reserved node of this type is offered in this region, and no "
        "request lists node types; docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html does",
    )


def check_zones(subject: Subject) -> Iterator[Finding]:
    """The availability zones."""
    yield from evaluate_zones(subject.planned.zones, subject.aws.call("ec2", "describe_availability_zones"))


def check_endpoints(subject: Subject) -> Iterator[Finding]:
    """The interface endpoints."""
    wanted = subject.planned.interface_endpoints
    if wanted:
        details = subject.aws.paginate("ec2", "describe_vpc_endpoint_services", "ServiceDetails")
        for service in wanted:
            yield evaluate_endpoint(service, subject.planned.zones, details)


def check_orderable(subject: Subject, order: Ordered) -> Iterator[Finding]:
    """An instance class of a database."""
    # Without the version, which may be the beginning of one.
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


def _is_version(there: str, wanted: str) -> bool:
    """Whether a version is the wanted one, of which the end may be left out: `8.0` is every `8.0.x`."""
    return there == wanted or there.startswith(f"{wanted}.") or not wanted


def _error(area: str, subject: str, what: str, why: str, fix: str) -> Finding:
    return Finding(area=area, subject=subject, severity=Severity.ERROR, what=what, why=why, fix=fix)
