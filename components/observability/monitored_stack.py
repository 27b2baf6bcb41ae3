"""What of a stack is monitored: the names by which metrics, logs and events call its parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.cluster import Cluster
from components.data_stores import DataStores
from components.data_stores.monitoring import MonitoredStore
from components.ingress import Ingress
from components.service.fargate_service import FargateService
from settings.network import NetworkSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoredService:
    """A service.

    Attributes:
        name: Its name in ECS: `web`, `scheduler`, `worker-<name>`.
        log_group: Name of its log group.
        fewest_tasks: Tasks that it has at least, schedules included.
        target_groups: ARN suffix of each of its target groups by name; none where nobody visits it.
        runs_php_fpm: Its application container runs php-fpm behind nginx.
    """

    name: str
    log_group: str
    fewest_tasks: int
    target_groups: Mapping[str, pulumi.Input[str]]
    runs_php_fpm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoredStack:
    """A stack, as it is looked at.

    Attributes:
        cluster: Name of the ECS cluster.
        task_metrics: Container Insights publishes CPU and memory of each task.
        task_counts: Container Insights counts the tasks of each service.
        zones: Availability zones.
        load_balancer: ARN suffix of the load balancer.
        certificate_arn: Certificate of the site; None without a domain.
        services: The services by name, in the order of the names.
        exec_log_group: Name of the log group with the record of shell sessions; None while ECS Exec is off.
        stores: The data stores that are on.
    """

    cluster: str
    task_metrics: bool
    task_counts: bool
    zones: Sequence[str]
    load_balancer: pulumi.Input[str]
    certificate_arn: pulumi.Input[str] | None
    services: Mapping[str, MonitoredService]
    exec_log_group: str | None
    stores: Sequence[MonitoredStore]


def monitored_stack(
    network: NetworkSpec,
    ingress: Ingress,
    cluster: Cluster,
    stores: DataStores,
    services: Mapping[str, FargateService],
) -> MonitoredStack:
    """The parts of a stack, as they are looked at."""
    return MonitoredStack(
        cluster=cluster.name,
        task_metrics=cluster.spec.container_insights == "enhanced",
        task_counts=cluster.spec.container_insights != "disabled",
        zones=network.zones,
        load_balancer=ingress.load_balancer_arn_suffix,
        certificate_arn=ingress.certificate_arn,
        services={name: _service(name, services[name]) for name in sorted(services)},
        exec_log_group=cluster.exec_log_group,
        stores=[store.monitored for store in stores.enabled],
    )


def _service(name: str, service: FargateService) -> MonitoredService:
    return MonitoredService(
        name=name,
        log_group=service.log_group_name,
        fewest_tasks=service.fewest_tasks,
        target_groups=service.target_group_arn_suffixes,
        runs_php_fpm=service.runs_php_fpm,
    )
