"""What a stack is watched for, as plain descriptions; `observability.py` makes CloudWatch alarms of them.

Missing data is a decision of each alarm:
- The load balancer reports nothing while nobody visits the site or no task is registered: no news is good news
  (`notBreaching`), and visitors of a site without tasks get errors, which do count.
- A service without tasks, and a store that is being made or restored, report nothing either, but nobody can say that
  they are well: the alarm shows INSUFFICIENT_DATA and sends no mail (`missing`). `breaching` would send one for each
  new stack and each evening on which a schedule takes a service to no tasks.
docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi

from specs.observability import AlarmThresholdsSpec

Comparison = Literal["GreaterThanThreshold", "GreaterThanOrEqualToThreshold"]
MissingData = Literal["missing", "notBreaching"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Math:
    """A value computed from several metrics of the same namespace and dimensions.

    Attributes:
        expression: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
        metrics: Name of the metric by the id that the expression calls it.
        label: What the value is, for the alarm's graph.
    """

    expression: str
    metrics: Mapping[str, str]
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm.

    Attributes:
        name: Unique in the stack; never changed, or the alarm loses its history.
        description: One sentence for the mail: what it means, and where to look first.
        metric: Name of the metric, or the math over several.
        statistic: `Average`, `Maximum`, `Sum` or a percentile such as `p95`; math takes it of each of its metrics.
        datapoints_to_alarm: How many of the last `evaluation_periods` periods must be over the threshold.
        treat_missing_data: What a period without data counts as; see the top of this file.
    """

    name: str
    description: str
    namespace: str
    metric: str | Math
    dimensions: Mapping[str, pulumi.Input[str]]
    statistic: str
    threshold: float
    comparison: Comparison
    period_seconds: int
    evaluation_periods: int
    datapoints_to_alarm: int
    treat_missing_data: MissingData


def load_balancer_alarms(
    load_balancer: pulumi.Input[str],
    target_groups: Mapping[str, pulumi.Input[str]],
    thresholds: AlarmThresholdsSpec,
) -> list[Alarm]:
    """Failing and slow answers, and tasks that fail their health check.

    Metrics: docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html

    Args:
        load_balancer: The load balancer's ARN suffix, `app/...`.
        target_groups: ARN suffix of each target group, `targetgroup/...`, by the name of its service.
        thresholds: When an alarm goes off.
    """
    return [
        Alarm(
            name="site-5xx",
            description=(
                f"Over {thresholds.http_5xx_percent:g} % of the site's answers are errors (5xx): look first for "
                "exceptions in the web service's log, then for its stopped tasks."
            ),
            namespace="AWS/ApplicationELB",
            metric=_error_percent(),
            dimensions={"LoadBalancer": load_balancer},
            statistic="Sum",
            threshold=thresholds.http_5xx_percent,
            comparison="GreaterThanThreshold",
            period_seconds=60,
            evaluation_periods=5,
            datapoints_to_alarm=3,
            treat_missing_data="notBreaching",
        ),
        Alarm(
            name="site-latency",
            description=(
                f"One answer in twenty takes over {thresholds.latency_p95_seconds:g} s: look first at the database's "
                "slowest queries, then at the web service's CPU."
            ),
            namespace="AWS/ApplicationELB",
            metric="TargetResponseTime",
            dimensions={"LoadBalancer": load_balancer},
            statistic="p95",
            threshold=thresholds.latency_p95_seconds,
            comparison="GreaterThanThreshold",
            period_seconds=60,
            evaluation_periods=5,
            datapoints_to_alarm=3,
            treat_missing_data="notBreaching",
        ),
        *(_unhealthy(load_balancer, service, target_group) for service, target_group in target_groups.items()),
    ]


def service_alarms(
    cluster: pulumi.Input[str],
    service: str,
    thresholds: AlarmThresholdsSpec,
    *,
    container_insights: bool = False,
) -> list[Alarm]:
    """A service that runs out of CPU or memory, or does not have the tasks it should have.

    Metrics: docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html and
    docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html

    Args:
        cluster: Name of the cluster.
        service: Name of the service: `web`.
        thresholds: When an alarm goes off.
        container_insights: Whether the cluster has Container Insights, which alone counts tasks.
    """
    dimensions: dict[str, pulumi.Input[str]] = {"ClusterName": cluster, "ServiceName": service}
    alarms = [
        _service_use(dimensions, service, "cpu", thresholds.cpu_percent, "whether it is at its max_tasks"),
        _service_use(
            dimensions, service, "memory", thresholds.memory_percent, "which of its tasks grows, and since when"
        ),
    ]
    return [*alarms, _missing_tasks(dimensions, service)] if container_insights else alarms


def aurora_alarms(
    cluster_identifier: pulumi.Input[str], thresholds: AlarmThresholdsSpec, *, serverless: bool
) -> list[Alarm]:
    """Aurora's capacity and connections, judged by its busiest instance.

    Metrics: docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html; under the
    cluster's identifier they hold those of all its instances, so `Maximum` is that of the busiest:
    docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/dimensions.html
    """
    capacity = (
        _store(
            name="aurora-capacity",
            description=(
                f"An Aurora instance uses over {thresholds.aurora_acu_percent} % of max_acu, so it can soon grow no "
                "more: look first at Performance Insights for the heaviest queries, then raise max_acu."
            ),
            metric="ACUUtilization",
            threshold=thresholds.aurora_acu_percent,
            dimensions={"DBClusterIdentifier": cluster_identifier},
        )
        if serverless
        else _store(
            name="aurora-cpu",
            description=(
                f"An Aurora instance uses over {thresholds.aurora_cpu_percent} % of its CPU: look first at the slow "
                "query log and at Performance Insights for the heaviest queries."
            ),
            metric="CPUUtilization",
            threshold=thresholds.aurora_cpu_percent,
            dimensions={"DBClusterIdentifier": cluster_identifier},
        )
    )
    return [
        capacity,
        _store(
            name="aurora-connections",
            description=(
                f"An Aurora instance has over {thresholds.aurora_connections} open connections: look first at how many "
                "tasks run, then for queries that wait for a lock."
            ),
            metric="DatabaseConnections",
            threshold=thresholds.aurora_connections,
            dimensions={"DBClusterIdentifier": cluster_identifier},
        ),
    ]


def valkey_alarms(nodes: Sequence[pulumi.Input[str]], thresholds: AlarmThresholdsSpec) -> list[Alarm]:
    """The memory of each node: a full one throws keys away, and sessions and cached values are lost.

    Metrics: docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html

    Args:
        nodes: Cache cluster id of each node, always in the same order.
        thresholds: When an alarm goes off.
    """
    return [alarm for number, node in enumerate(nodes, start=1) for alarm in _valkey_node(number, node, thresholds)]


def documentdb_alarms(cluster_identifier: pulumi.Input[str], thresholds: AlarmThresholdsSpec) -> list[Alarm]:
    """DocumentDB's CPU, judged by its busiest instance.

    Metrics: docs.aws.amazon.com/documentdb/latest/developerguide/cloud_watch.html
    """
    return [
        _store(
            name="documentdb-cpu",
            description=(
                f"A DocumentDB instance uses over {thresholds.documentdb_cpu_percent} % of its CPU: look first for "
                "queries without an index (explain, or the profiler's log)."
            ),
            namespace="AWS/DocDB",
            metric="CPUUtilization",
            threshold=thresholds.documentdb_cpu_percent,
            dimensions={"DBClusterIdentifier": cluster_identifier},
        )
    ]


def _error_percent() -> Math:
    """RequestCount leaves out what is refused before a task is chosen. If all tasks are gone it is 0, so the load
    balancer's own errors are added to it, or the worst failure of all would have no rate."""
    return Math(
        expression=(
            "100 * (FILL(taskErrors, 0) + FILL(balancerErrors, 0)) / (FILL(requests, 0) + FILL(balancerErrors, 0))"
        ),
        metrics={
            "taskErrors": "HTTPCode_Target_5XX_Count",
            "balancerErrors": "HTTPCode_ELB_5XX_Count",
            "requests": "RequestCount",
        },
        label="Answers with 5xx, in percent",
    )


def _unhealthy(load_balancer: pulumi.Input[str], service: str, target_group: pulumi.Input[str]) -> Alarm:
    return Alarm(
        name=f"{service}-unhealthy",
        description=(
            f"A task of {service} fails its health check: look first at the service's events for the reason, then at "
            "the task's log."
        ),
        namespace="AWS/ApplicationELB",
        metric="UnHealthyHostCount",
        dimensions={"LoadBalancer": load_balancer, "TargetGroup": target_group},
        statistic="Maximum",
        threshold=1,
        comparison="GreaterThanOrEqualToThreshold",
        period_seconds=60,
        evaluation_periods=5,
        datapoints_to_alarm=3,
        treat_missing_data="notBreaching",
    )


def _service_use(
    dimensions: Mapping[str, pulumi.Input[str]],
    service: str,
    resource: Literal["cpu", "memory"],
    percent: int,
    look_first: str,
) -> Alarm:
    """A quarter of an hour, so that autoscaling has had the time to add tasks."""
    words = {"cpu": ("CPU", "CPUUtilization"), "memory": ("memory", "MemoryUtilization")}
    word, metric = words[resource]
    return Alarm(
        name=f"{service}-{resource}",
        description=f"Tasks of {service} use over {percent} % of their {word} on average: look first {look_first}.",
        namespace="AWS/ECS",
        metric=metric,
        dimensions=dimensions,
        statistic="Average",
        threshold=percent,
        comparison="GreaterThanThreshold",
        period_seconds=300,
        evaluation_periods=3,
        datapoints_to_alarm=3,
        treat_missing_data="missing",
    )


def _missing_tasks(dimensions: Mapping[str, pulumi.Input[str]], service: str) -> Alarm:
    return Alarm(
        name=f"{service}-missing-tasks",
        description=(
            f"{service} has had fewer tasks than it should for a quarter of an hour: look first at the service's "
            "events, then at why its last tasks stopped."
        ),
        namespace="ECS/ContainerInsights",
        metric=Math(
            expression="desired - FILL(running, 0)",
            metrics={"desired": "DesiredTaskCount", "running": "RunningTaskCount"},
            label="Missing tasks",
        ),
        dimensions=dimensions,
        statistic="Average",
        threshold=1,
        comparison="GreaterThanOrEqualToThreshold",
        period_seconds=60,
        evaluation_periods=15,
        datapoints_to_alarm=15,
        treat_missing_data="missing",
    )


def _valkey_node(number: int, node: pulumi.Input[str], thresholds: AlarmThresholdsSpec) -> list[Alarm]:
    return [
        _store(
            name=f"valkey-{number}-memory",
            description=(
                f"Valkey's node {number} has used over {thresholds.valkey_memory_percent} % of its memory: look first "
                "for a queue that nobody works off, then for cached values without an end."
            ),
            namespace="AWS/ElastiCache",
            metric="DatabaseMemoryUsagePercentage",
            threshold=thresholds.valkey_memory_percent,
            dimensions={"CacheClusterId": node},
        ),
        Alarm(
            name=f"valkey-{number}-evictions",
            description=(
                f"Valkey's node {number} throws keys away for want of memory, so sessions and cached values are lost: "
                "look first at its memory, then take a larger node_type."
            ),
            namespace="AWS/ElastiCache",
            metric="Evictions",
            dimensions={"CacheClusterId": node},
            statistic="Sum",
            threshold=thresholds.valkey_evictions,
            comparison="GreaterThanOrEqualToThreshold",
            period_seconds=300,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            treat_missing_data="missing",
        ),
    ]


def _store(
    *,
    name: str,
    description: str,
    metric: str,
    threshold: float,
    dimensions: Mapping[str, pulumi.Input[str]],
    namespace: str = "AWS/RDS",
) -> Alarm:
    """Ten minutes on end, so that a backup or a report does not wake anybody."""
    return Alarm(
        name=name,
        description=description,
        namespace=namespace,
        metric=metric,
        dimensions=dimensions,
        statistic="Maximum",
        threshold=threshold,
        comparison="GreaterThanThreshold",
        period_seconds=60,
        evaluation_periods=10,
        datapoints_to_alarm=10,
        treat_missing_data="missing",
    )
