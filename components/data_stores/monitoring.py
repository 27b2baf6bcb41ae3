"""What a data store is monitored for, and what the stores have in common there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import pulumi

from components.alarm import Alarm
from components.widgets import Axis, Drawn, MetricLine, Row
from settings.observability import AlarmThresholdsSpec


class MonitoredStore(Protocol):
    """A store, by the names that CloudWatch and EventBridge know it by."""

    @property
    def name(self) -> str:
        """Its name, as the settings have it."""
        ...

    @property
    def identifiers(self) -> Sequence[pulumi.Input[str]]:
        """Of its cluster, or of each of its nodes, always in the same order."""
        ...

    @property
    def events(self) -> Mapping[str, Callable[[Sequence[str]], Mapping[str, Any]]]:
        """Kinds of event that the stack records of it, each with its pattern, made from the identifiers."""
        ...

    def alarms(self, thresholds: AlarmThresholdsSpec) -> list[Alarm]:
        """Its alarms.

        Args:
            thresholds: When an alarm goes off.
        """
        ...

    def rows(self, drawn: Drawn, identifiers: Sequence[str]) -> list[Row]:
        """Its rows on the dashboard.

        Args:
            drawn: The dashboard that they are a part of.
            identifiers: Its identifiers, as AWS gave them.
        """
        ...


def store_alarm(
    *,
    name: str,
    description: str,
    namespace: str,
    metric: str,
    threshold: float,
    dimensions: Mapping[str, pulumi.Input[str]],
    runbook: str,
) -> Alarm:
    """A warning while a value is over its threshold for ten minutes on end, so that no backup or report sets it off."""
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
        severity="warning",
        runbook=runbook,
    )


def cluster_line(namespace: str, cluster: str, name: str, stat: str, label: str, *, axis: Axis = "left") -> MetricLine:
    """A line with a metric of a whole cluster: with `Maximum`, that of its busiest instance."""
    dimensions = {"DBClusterIdentifier": cluster}
    return MetricLine(namespace=namespace, name=name, dimensions=dimensions, stat=stat, label=label, axis=axis)
