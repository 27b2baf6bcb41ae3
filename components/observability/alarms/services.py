"""Services, tasks that end, and events that reach nobody."""

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi

from components.alarm import Alarm, Math, Metric, Severity
from components.observability.monitored_stack import MonitoredService
from settings.observability import AlarmThresholdsSpec


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
        _use(dimensions, service, "cpu", thresholds.cpu_percent, "whether it is at its max_tasks"),
        _use(dimensions, service, "memory", thresholds.memory_percent, "which of its tasks grows, and since when"),
    ]
    return [*alarms, _missing_tasks(dimensions, service)] if container_insights else alarms


def php_fpm_alarm(service: MonitoredService, namespace: str, thresholds: AlarmThresholdsSpec) -> Alarm:
    """php-fpm that has no process left for a request.

    It writes one line when all of its processes are busy, and the next one only after some were idle again; with
    `pm = static` it writes none: github.com/php/php-src/blob/master/sapi/fpm/fpm/fpm_process_ctl.c

    Args:
        service: A service with php-fpm.
        namespace: That of the site's own metrics.
        thresholds: When an alarm goes off.
    """
    return _counted(
        name=f"{service.name}-php-fpm",
        description=(
            f"All processes of php-fpm in a task of {service.name} were busy, so visitors waited: look first for slow "
            "requests in its log, then at pm.max_children and the number of tasks."
        ),
        namespace=namespace,
        metric="PhpFpmSaturated",
        dimensions={},
        threshold=thresholds.php_fpm_saturations,
        period_seconds=900,
        runbook="php-fpm",
    )


def task_alarms(rules: Mapping[str, str], thresholds: AlarmThresholdsSpec) -> list[Alarm]:
    """Tasks that end by themselves again and again, and tasks that ran out of memory.

    They count the events that a rule of EventBridge met:
    docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html

    Args:
        rules: Name of the rule by what it looks for.
        thresholds: When an alarm goes off.
    """
    return [
        _events(
            rules["failed-tasks"],
            name="tasks-restarting",
            description=(
                f"{thresholds.failed_tasks} tasks or more have ended by themselves within a quarter of an hour: look "
                "first at why the last ones stopped (story status), then at the last lines of their log."
            ),
            threshold=thresholds.failed_tasks,
            period_seconds=900,
            severity="warning",
            runbook="tasks-restarting",
        ),
        _events(
            rules["out-of-memory"],
            name="tasks-out-of-memory",
            description=(
                "A container was killed because it used more memory than it has: look first at which one in the "
                "events' log, then at its memory over the last days."
            ),
            threshold=1,
            period_seconds=300,
            severity="warning",
            runbook="out-of-memory",
        ),
    ]


def delivery_alarm(rules: Sequence[str]) -> Alarm:
    """Events that EventBridge could not hand to their target, for good.

    The cause is mostly a policy: of the topic, of its key, or of the log group. Nothing but this metric shows it:
    docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html

    Args:
        rules: Names of the stack's rules.
    """
    return Alarm(
        name="events-not-delivered",
        description=(
            "EventBridge could not deliver an event to its target, so a record or a notification is missing: look "
            "first at which rule failed (story doctor), then at the policies of the topic, of the key and of the log."
        ),
        namespace="AWS/Events",
        metric=Math(
            expression=" + ".join(f"FILL(failed{number}, 0)" for number in range(1, len(rules) + 1)),
            metrics={
                f"failed{number}": Metric(
                    namespace="AWS/Events", name="FailedInvocations", dimensions={"RuleName": rule}
                )
                for number, rule in enumerate(rules, start=1)
            },
            label="Events that were not delivered",
        ),
        dimensions={},
        statistic="Sum",
        threshold=1,
        comparison="GreaterThanOrEqualToThreshold",
        period_seconds=300,
        evaluation_periods=1,
        datapoints_to_alarm=1,
        treat_missing_data="notBreaching",
        severity="warning",
        runbook="events-not-delivered",
    )


def _use(
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
        severity="warning",
        runbook=f"service-{resource}",
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
        severity="warning",
        runbook="missing-tasks",
    )


def _events(
    rule: str,
    *,
    name: str,
    description: str,
    threshold: float,
    period_seconds: int,
    severity: Severity,
    runbook: str,
) -> Alarm:
    return _counted(
        name=name,
        description=description,
        namespace="AWS/Events",
        metric="TriggeredRules",
        dimensions={"RuleName": rule},
        threshold=threshold,
        period_seconds=period_seconds,
        severity=severity,
        runbook=runbook,
    )


def _counted(
    *,
    name: str,
    description: str,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, pulumi.Input[str]],
    threshold: float,
    period_seconds: int,
    runbook: str,
    severity: Severity = "warning",
) -> Alarm:
    """So many within a period; where nothing is reported, nothing happened."""
    return Alarm(
        name=name,
        description=description,
        namespace=namespace,
        metric=metric,
        dimensions=dimensions,
        statistic="Sum",
        threshold=threshold,
        comparison="GreaterThanOrEqualToThreshold",
        period_seconds=period_seconds,
        evaluation_periods=1,
        datapoints_to_alarm=1,
        treat_missing_data="notBreaching",
        severity=severity,
        runbook=runbook,
    )
