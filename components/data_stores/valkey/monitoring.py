"""What Valkey is monitored for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.alarm import Alarm
from components.data_stores.monitoring import store_alarm
from components.data_stores.valkey.dashboard import VALKEY, valkey_rows
from components.widgets import Drawn, Row
from settings.observability import AlarmThresholdsSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoredValkey:
    """Valkey, as it is monitored.

    Attributes:
        nodes: Cache cluster id of each node, always in the same order.
    """

    nodes: Sequence[pulumi.Input[str]]

    @property
    def name(self) -> str:
        return "valkey"

    @property
    def identifiers(self) -> Sequence[pulumi.Input[str]]:
        return self.nodes

    @property
    def events(self) -> Mapping[str, Callable[[Sequence[str]], Mapping[str, Any]]]:
        return {}

    def alarms(self, thresholds: AlarmThresholdsSpec) -> list[Alarm]:
        return valkey_alarms(self.nodes, thresholds)

    def rows(self, drawn: Drawn, identifiers: Sequence[str]) -> list[Row]:
        return valkey_rows(drawn, identifiers)


def valkey_alarms(nodes: Sequence[pulumi.Input[str]], thresholds: AlarmThresholdsSpec) -> list[Alarm]:
    """The memory of each node: a full one throws keys away, and sessions and cached values are lost.

    Metrics: docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html

    Args:
        nodes: Cache cluster id of each node, always in the same order.
        thresholds: When an alarm goes off.
    """
    return [alarm for number, node in enumerate(nodes, start=1) for alarm in _valkey_node(number, node, thresholds)]


def _valkey_node(number: int, node: pulumi.Input[str], thresholds: AlarmThresholdsSpec) -> list[Alarm]:
    return [
        store_alarm(
            name=f"valkey-{number}-memory",
            description=(
                f"Valkey's node {number} has used over {thresholds.valkey_memory_percent} % of its memory: look first "
                "for a queue that nobody works off, then for cached values without an end."
            ),
            namespace=VALKEY,
            metric="DatabaseMemoryUsagePercentage",
            threshold=thresholds.valkey_memory_percent,
            dimensions={"CacheClusterId": node},
            runbook="valkey-memory",
        ),
        Alarm(
            name=f"valkey-{number}-evictions",
            description=(
                f"Valkey's node {number} throws keys away for want of memory, so sessions and cached values are lost: "
                "look first at its memory, then take a larger node_type."
            ),
            namespace=VALKEY,
            metric="Evictions",
            dimensions={"CacheClusterId": node},
            statistic="Sum",
            threshold=thresholds.valkey_evictions,
            comparison="GreaterThanOrEqualToThreshold",
            period_seconds=300,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            treat_missing_data="missing",
            severity="warning",
            runbook="valkey-memory",
        ),
    ]
