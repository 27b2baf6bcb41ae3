"""Everything that a stack is watched for: the alarms of its parts, put together."""

from collections.abc import Mapping

from components.alarms import (
    Alarm,
    aurora_alarms,
    documentdb_alarms,
    load_balancer_alarms,
    service_alarms,
    valkey_alarms,
)
from components.cluster import Cluster
from components.data_stores import DataStores
from components.fargate_service import FargateService
from components.ingress import Ingress
from specs.site import AlarmThresholdsSpec


def site_alarms(
    thresholds: AlarmThresholdsSpec,
    ingress: Ingress,
    cluster: Cluster,
    stores: DataStores,
    services: Mapping[str, FargateService],
) -> list[Alarm]:
    """Alarms of the load balancer, of each service and of the data stores that exist.

    Args:
        thresholds: When an alarm goes off.
        ingress: The load balancer.
        cluster: The ECS cluster.
        stores: The data stores.
        services: The services by name.
    """
    target_groups = {
        name: suffix for service in services.values() for name, suffix in service.target_group_arn_suffixes.items()
    }
    alarms = load_balancer_alarms(ingress.load_balancer_arn_suffix, target_groups, thresholds)
    for name in services:
        alarms += service_alarms(cluster.name, name, thresholds, container_insights=cluster.container_insights)
    if stores.aurora:
        serverless = stores.args.aurora.serverless
        alarms += aurora_alarms(stores.aurora.cluster_identifier, thresholds, serverless=serverless)
    if stores.valkey:
        members = stores.valkey.member_ids
        alarms += valkey_alarms([members[number] for number in range(stores.args.valkey.replicas + 1)], thresholds)
    if stores.documentdb:
        alarms += documentdb_alarms(stores.documentdb.cluster_identifier, thresholds)
    return alarms
