"""What of a stack is monitored: the names by which metrics, logs and events call its parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.cluster import Cluster
from components.data_stores import DataStores
from components.ingress import Ingress
from components.service.fargate_service import FargateService
from components.service.migration_task import MigrationTask
from settings.network import NetworkSpec
from settings.stores import AuroraSpec, DocumentDbSpec, ValkeySpec


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
        migration_log_group: Name of the migration's log group.
        exec_log_group: Name of the log group with the record of shell sessions; None while ECS Exec is off.
        aurora: Settings of Aurora, and its cluster identifier; None if it is off.
        valkey: Settings of Valkey, and the cache cluster id of each node; None if it is off.
        documentdb: Settings of DocumentDB, and its cluster identifier; None if it is off.
    """

    cluster: str
    task_metrics: bool
    task_counts: bool
    zones: Sequence[str]
    load_balancer: pulumi.Input[str]
    certificate_arn: pulumi.Input[str] | None
    services: Mapping[str, MonitoredService]
    migration_log_group: str
    exec_log_group: str | None
    aurora: tuple[AuroraSpec, pulumi.Input[str]] | None
    valkey: tuple[ValkeySpec, Sequence[pulumi.Input[str]]] | None
    documentdb: tuple[DocumentDbSpec, pulumi.Input[str]] | None


def monitored_stack(
    network: NetworkSpec,
    ingress: Ingress,
    cluster: Cluster,
    stores: DataStores,
    migration: MigrationTask,
    services: Mapping[str, FargateService],
) -> MonitoredStack:
    """The parts of a stack, as they are looked at."""
    specs = stores.args
    return MonitoredStack(
        cluster=cluster.name,
        task_metrics=cluster.spec.container_insights == "enhanced",
        task_counts=cluster.spec.container_insights != "disabled",
        zones=network.zones,
        load_balancer=ingress.load_balancer_arn_suffix,
        certificate_arn=ingress.certificate_arn,
        services={name: _service(name, services[name]) for name in sorted(services)},
        migration_log_group=migration.log_group_name,
        exec_log_group=cluster.exec_log_group,
        aurora=(specs.aurora, stores.aurora.cluster_identifier) if stores.aurora else None,
        valkey=(specs.valkey, _nodes(stores.valkey.member_ids, specs.valkey)) if stores.valkey else None,
        documentdb=(specs.documentdb, stores.documentdb.cluster_identifier) if stores.documentdb else None,
    )


def _service(name: str, service: FargateService) -> MonitoredService:
    return MonitoredService(
        name=name,
        log_group=service.log_group_name,
        fewest_tasks=service.fewest_tasks,
        target_groups=service.target_group_arn_suffixes,
        runs_php_fpm=service.runs_php_fpm,
    )


def _nodes(member_ids: pulumi.Output[Sequence[str]], spec: ValkeySpec) -> Sequence[pulumi.Input[str]]:
    return [member_ids[number] for number in range(spec.replicas + 1)]
