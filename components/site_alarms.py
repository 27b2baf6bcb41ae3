"""Everything that a stack is watched for: the alarms of its parts, put together."""

from components.alarms import (
    Alarm,
    aurora_alarms,
    documentdb_alarms,
    load_balancer_alarms,
    service_alarms,
    valkey_alarms,
)
from components.watched import Watched
from specs.observability import ObservabilitySpec


def site_alarms(spec: ObservabilitySpec, watched: Watched) -> list[Alarm]:
    """Alarms of the load balancer, of each service and of the data stores that exist.

    Args:
        spec: When an alarm goes off.
        watched: The stack.
    """
    thresholds = spec.thresholds
    target_groups = {
        name: suffix for service in watched.services.values() for name, suffix in service.target_groups.items()
    }
    alarms = load_balancer_alarms(watched.load_balancer, target_groups, thresholds)
    for name in watched.services:
        alarms += service_alarms(watched.cluster, name, thresholds, container_insights=watched.task_counts)
    if watched.aurora:
        aurora, cluster_identifier = watched.aurora
        alarms += aurora_alarms(cluster_identifier, thresholds, serverless=aurora.serverless)
    if watched.valkey:
        _, nodes = watched.valkey
        alarms += valkey_alarms(nodes, thresholds)
    if watched.documentdb:
        _, cluster_identifier = watched.documentdb
        alarms += documentdb_alarms(cluster_identifier, thresholds)
    return alarms
