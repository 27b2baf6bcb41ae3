"""The tasks of a stack's services: their zone, health, and use of CPU and memory.

Container Insights with enhanced observability publishes the use of each task of a service every minute, in percent of
the task's size, with the dimensions ClusterName, ServiceName and TaskId:
docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-enhanced-observability-metrics-ECS.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any, cast

from aws.client import Json, in_parts, items
from release.contract import revision
from release.task import TASKS_AT_ONCE, task_id
from story.status.client import PageClient

NAMESPACE, CPU, MEMORY = "ECS/ContainerInsights", "TaskCpuUtilization", "TaskMemoryUtilization"
QUERIES_AT_ONCE = 500
"""docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"""
MOST_TASKS = 500
"""Number of tasks of a service that are read."""
PERIOD_SECONDS = 60
METRICS_WITHIN = timedelta(minutes=5)
"""Metrics arrive a few minutes late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    """The current state of a task.

    Attributes:
        service: Its service.
        id: Its id.
        zone: Its Availability Zone; "" if it has none yet.
        state: `PENDING`, `RUNNING` and so on.
        health: `HEALTHY`, `UNHEALTHY` or `UNKNOWN`; without a health check it is `UNKNOWN`.
        revision: Family and revision of its task definition.
        started_at: When it started; None if it has not started yet.
        cpu_percent: Used percentage of its CPU; None if CloudWatch has no data, which is not the same as 0.
        memory_percent: Used percentage of its memory; None if CloudWatch has no data.
    """

    service: str
    id: str
    zone: str
    state: str
    health: str
    revision: str
    started_at: datetime | None
    cpu_percent: float | None
    memory_percent: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneStatus:
    """The tasks of a service in one zone.

    Attributes:
        zone: The zone; "" for tasks that have none yet.
        tasks: Number of tasks.
        running: Number of running tasks.
        cpu_percent: Their average use; None without data.
        memory_percent: Their average use; None without data.
    """

    zone: str
    tasks: int
    running: int
    cpu_percent: float | None
    memory_percent: float | None


def by_zone(tasks: Sequence[TaskStatus]) -> list[ZoneStatus]:
    """A service's tasks, summed up for each zone."""
    return [
        ZoneStatus(
            zone=zone,
            tasks=len(own),
            running=sum(task.state == "RUNNING" for task in own),
            cpu_percent=_mean([task.cpu_percent for task in own]),
            memory_percent=_mean([task.memory_percent for task in own]),
        )
        for zone in sorted({task.zone for task in tasks})
        for own in [[task for task in tasks if task.zone == zone]]
    ]


def busiest(tasks: Sequence[TaskStatus]) -> list[TaskStatus]:
    """The tasks by their use of CPU or memory, the highest first; tasks without data last."""
    return sorted(tasks, key=lambda task: (-max(task.cpu_percent or -1, task.memory_percent or -1), task.id))


def tasks_of(aws: PageClient, cluster: str, service: str) -> tuple[list[Json], int]:
    """The tasks of a service as DescribeTasks returns them, and the number of tasks that are not read."""
    arns = aws.paginate("ecs", "list_tasks", "taskArns", cluster=cluster, serviceName=service)
    read = arns[:MOST_TASKS]
    found = [
        task
        for some in in_parts(read, TASKS_AT_ONCE)
        for task in items(aws.call("ecs", "describe_tasks", cluster=cluster, tasks=some), "tasks")
    ]
    return found, len(arns) - len(read)


def task_status(service: str, task: Json, use: Mapping[tuple[str, str], float]) -> TaskStatus:
    """A task.

    Args:
        service: Its service.
        task: As DescribeTasks returns it.
        use: Percentages by task ID and metric.
    """
    id_ = task_id(task)
    return TaskStatus(
        service=service,
        id=id_,
        zone=str(task.get("availabilityZone", "")),
        state=str(task.get("lastStatus", "")),
        health=str(task.get("healthStatus", "UNKNOWN")),
        revision=revision(str(task.get("taskDefinitionArn", ""))),
        started_at=cast(datetime | None, task.get("startedAt")),
        cpu_percent=use.get((id_, CPU)),
        memory_percent=use.get((id_, MEMORY)),
    )


def use_of(
    aws: PageClient, cluster: str, tasks: Sequence[tuple[str, str]], now: datetime
) -> dict[tuple[str, str], float]:
    """The use of tasks in percent, by task ID and metric; tasks without data are left out.

    Args:
        aws: Client for the account.
        cluster: Name of the cluster.
        tasks: Service and ID of each.
        now: The current time. It is rounded down to the minute, so that pages of the same minute make one request:
            AWS bills each requested metric.
    """
    until = now.replace(second=0, microsecond=0)
    metrics = [(service, id_, metric) for service, id_ in sorted(tasks) for metric in (CPU, MEMORY)]
    found: dict[tuple[str, str], float] = {}
    for some in in_parts(metrics, QUERIES_AT_ONCE):
        response = aws.call(
            "cloudwatch",
            "get_metric_data",
            MetricDataQueries=[_query(number, cluster, *one) for number, one in enumerate(some)],
            StartTime=until - METRICS_WITHIN,
            EndTime=until,
            ScanBy="TimestampDescending",
        )
        values = {str(one["Id"]): one.get("Values") or () for one in items(response, "MetricDataResults")}
        for number, (_, id_, metric) in enumerate(some):
            if latest := list(values.get(f"m{number}", ())):
                found[id_, metric] = float(latest[0])
    return found


def _query(number: int, cluster: str, service: str, id_: str, metric: str) -> dict[str, Any]:
    dimensions = {"ClusterName": cluster, "ServiceName": service, "TaskId": id_}
    return {
        "Id": f"m{number}",
        "MetricStat": {
            "Metric": {
                "Namespace": NAMESPACE,
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            },
            "Period": PERIOD_SECONDS,
            "Stat": "Average",
        },
    }


def _mean(numbers: Sequence[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return fmean(known) if known else None
