"""What DocumentDB is monitored for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.alarm import Alarm
from components.data_stores.documentdb.dashboard import DOCUMENTDB, documentdb_rows
from components.data_stores.monitoring import store_alarm
from components.widgets import Drawn, Row
from settings.observability import AlarmThresholdsSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoredDocumentDb:
    """DocumentDB, as it is monitored.

    Attributes:
        cluster_identifier: Its identifier.
    """

    cluster_identifier: pulumi.Input[str]

    @property
    def name(self) -> str:
        return "documentdb"

    @property
    def identifiers(self) -> Sequence[pulumi.Input[str]]:
        return [self.cluster_identifier]

    @property
    def events(self) -> Mapping[str, Callable[[Sequence[str]], Mapping[str, Any]]]:
        return {}

    def alarms(self, thresholds: AlarmThresholdsSpec) -> list[Alarm]:
        return documentdb_alarms(self.cluster_identifier, thresholds)

    def rows(self, drawn: Drawn, identifiers: Sequence[str]) -> list[Row]:
        return documentdb_rows(drawn, identifiers[0])


def documentdb_alarms(cluster_identifier: pulumi.Input[str], thresholds: AlarmThresholdsSpec) -> list[Alarm]:
    """DocumentDB's CPU and memory, judged by its busiest instance.

    Metrics: docs.aws.amazon.com/documentdb/latest/developerguide/cloud_watch.html
    """
    dimensions = {"DBClusterIdentifier": cluster_identifier}
    return [
        store_alarm(
            name="documentdb-cpu",
            description=(
                f"A DocumentDB instance uses over {thresholds.documentdb_cpu_percent} % of its CPU: look first for "
                "queries without an index (explain, or the profiler's log)."
            ),
            namespace=DOCUMENTDB,
            metric="CPUUtilization",
            threshold=thresholds.documentdb_cpu_percent,
            dimensions=dimensions,
            runbook="documentdb",
        ),
        Alarm(
            name="documentdb-memory",
            description=(
                "DocumentDB makes requests wait because an instance has too little memory: look first for queries that "
                "read whole collections, then take a larger instance_class."
            ),
            namespace=DOCUMENTDB,
            metric="LowMemNumOperationsThrottled",
            dimensions=dimensions,
            statistic="Sum",
            threshold=thresholds.documentdb_throttled,
            comparison="GreaterThanOrEqualToThreshold",
            period_seconds=300,
            evaluation_periods=2,
            datapoints_to_alarm=2,
            treat_missing_data="missing",
            severity="warning",
            runbook="documentdb",
        ),
    ]
