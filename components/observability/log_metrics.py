"""Metrics that AWS does not publish, counted from lines of the services' logs: docs/laravel-metrics.md.

docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import pulumi
import pulumi_aws as aws

from components.base import metric_namespace
from components.observability.monitored_stack import MonitoredStack


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMetric:
    """A metric, and the lines that it comes from.

    Attributes:
        id: Logical name, unique among all.
        service: Service in whose log the lines stand.
        pattern: Which lines.
        metric: Its name.
        value: What a line adds: a number, or the part of the line that has it.
        dimensions: Part of the line by the dimension's name; only a line of JSON can give some.
    """

    id: str
    service: str
    pattern: str
    metric: str
    value: str = "1"
    dimensions: Mapping[str, str] = field(default_factory=dict[str, str])


def described(monitored: MonitoredStack, *, laravel: bool) -> list[LogMetric]:
    """The metrics of a stack.

    Args:
        monitored: The stack.
        laravel: The application reports its scheduler, queues and failed jobs.
    """
    metrics = [
        LogMetric(
            id=f"{name}-php-fpm",
            service=name,
            pattern='"server reached pm.max_children"',
            metric="PhpFpmSaturated",
        )
        for name, service in monitored.services.items()
        if service.runs_php_fpm
    ]
    if not laravel:
        return metrics
    workers = [name for name in monitored.services if name.startswith("worker-")]
    metrics += [
        LogMetric(id=f"{name}-failed-jobs", service=name, pattern='{ $.story = "failed_job" }', metric="FailedJobs")
        for name in workers
    ]
    if "scheduler" not in monitored.services:
        return metrics
    of_queue = partial(LogMetric, service="scheduler", pattern='{ $.story = "queue" }')
    by_queue = {"Queue": "$.queue"}
    return [
        *metrics,
        LogMetric(
            id="scheduler-heartbeat",
            service="scheduler",
            pattern='{ $.story = "heartbeat" }',
            metric="SchedulerHeartbeat",
        ),
        of_queue(id="queue-depth", metric="QueueDepth", value="$.depth", dimensions=by_queue),
        of_queue(id="queue-oldest", metric="OldestJobSeconds", value="$.oldest_seconds", dimensions=by_queue),
        # Once more for all queues together, so that one alarm is enough for them.
        of_queue(id="queues-oldest", metric="OldestJobSeconds", value="$.oldest_seconds"),
    ]


def log_metric(
    name: str, described: LogMetric, log_group: str, opts: pulumi.ResourceOptions
) -> aws.cloudwatch.LogMetricFilter:
    """The filter that makes a metric of a log's lines.

    Args:
        name: Logical name.
        described: The metric.
        log_group: Name of the log group; it must exist.
        opts: Options of the resource.
    """
    return aws.cloudwatch.LogMetricFilter(
        name,
        log_group_name=log_group,
        pattern=described.pattern,
        metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
            namespace=metric_namespace(),
            name=described.metric,
            value=described.value,
            dimensions=dict(described.dimensions) or None,
        ),
        opts=opts,
    )
