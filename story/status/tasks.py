"""The tasks of a stack's services: in which zone, how healthy, and how much of their CPU and memory they use.

Container Insights with enhanced observability publishes the use of each task of a service, every minute, in percent of
what the task has, under the dimensions ClusterName, ServiceName and TaskId:
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
"""Of a larger service a part tells enough."""
PERIOD_SECONDS = 60
METRICS_WITHIN = timedelta(minutes=5)
"""The metrics of a minute arrive a few minutes late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    """A task at this moment.

    Attributes:
        service: Its service.
        id: Its id.
        zone: Its availability zone; "" while it has none.
        state: `PENDING`, `RUNNING` and so on.
        health: `HEALTHY`, `UNHEALTHY` or `UNKNOWN`, which it also is without a check of its own.
        revision: Family and revision of its task definition.
        started_at: When it started; None if it has not yet.
        cpu_percent: Used part of its CPU; None if CloudWatch has no number, which is not the same as 0.
        memory_percent: Used part of its memory; None if CloudWatch has no number.
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
        tasks: How many.
        running: How many of them run.
        cpu_percent: What they use on average; None without any number.
        memory_percent: What they use on average; None without any number.
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
    """The tasks, those first that use most of what they have; those without a number last."""
    return sorted(tasks, key=lambda task: (-max(task.cpu_percent or -1, task.memory_percent or -1), task.id))


def tasks_of(aws: PageClient, cluster: str, service: str) -> tuple[list[Json], int]:
    """The tasks of a service as ECS tells them, and how many more there are than are looked at."""
    arns = aws.paginate("ecs", "list_tasks", "taskArns", cluster=cluster, serviceName=service)
    looked_at = arns[:MOST_TASKS]
    found = [
        task
        for some in in_parts(looked_at, TASKS_AT_ONCE)
        for task in items(aws.call("ecs", "describe_tasks", cluster=cluster, tasks=some), "tasks")
    ]
    return found, len(arns) - len(looked_at)


def task_status(service: str, task: Json, use: Mapping[tuple[str, str], float]) -> TaskStatus:
    """A task.

    Args:
        service: Its service.
        task: As ECS tells it.
        use: Numbers by task id and metric.
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
    """What tasks use, by task id and metric; nothing of those without a number.

    Args:
        aws: The account.
        cluster: Name of the cluster.
        tasks: Service and id of each.
        now: The time that counts as now. It is taken to the minute, so that pages of the same minute ask once: AWS
            bills each metric that is asked for.
    """
    until = now.replace(second=0, microsecond=0)
    wanted = [(service, id_, metric) for service, id_ in sorted(tasks) for metric in (CPU, MEMORY)]
    found: dict[tuple[str, str], float] = {}
    for some in in_parts(wanted, QUERIES_AT_ONCE):
        answer = aws.call(
            "cloudwatch",
            "get_metric_data",
            MetricDataQueries=[_query(number, cluster, *one) for number, one in enumerate(some)],
            StartTime=until - METRICS_WITHIN,
            EndTime=until,
            ScanBy="TimestampDescending",
        )
        values = {str(one["Id"]): one.get("Values") or () for one in items(answer, "MetricDataResults")}
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
