"""What Aurora is monitored for.

Metrics: docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.alarm import Alarm, Math, Metric
from components.base import physical_name
from components.data_stores.aurora.dashboard import AURORA, aurora_rows
from components.data_stores.monitoring import store_alarm
from components.widgets import Drawn, Row
from settings.observability import AlarmThresholdsSpec
from settings.stores import AuroraSpec

BACKUPS = "aurora-backups"
"""Kind of event, and last part of the name of its rule."""
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoredAurora:
    """Aurora, as it is monitored.

    Attributes:
        spec: Its settings.
        cluster_identifier: Its identifier.
    """

    spec: AuroraSpec
    cluster_identifier: pulumi.Input[str]

    @property
    def name(self) -> str:
        return "aurora"

    @property
    def identifiers(self) -> Sequence[pulumi.Input[str]]:
        return [self.cluster_identifier]

    @property
    def events(self) -> Mapping[str, Callable[[Sequence[str]], Mapping[str, Any]]]:
        return {BACKUPS: lambda identifiers: automated_snapshots(identifiers[0])}

    def alarms(self, thresholds: AlarmThresholdsSpec) -> list[Alarm]:
        found = aurora_alarms(
            self.cluster_identifier, thresholds, serverless=self.spec.serverless, readers=self.spec.readers
        )
        return [*found, aurora_backup_alarm(self.cluster_identifier, physical_name(BACKUPS))]

    def rows(self, drawn: Drawn, identifiers: Sequence[str]) -> list[Row]:
        return aurora_rows(drawn, self.spec, identifiers[0])


def aurora_alarms(
    cluster_identifier: pulumi.Input[str], thresholds: AlarmThresholdsSpec, *, serverless: bool, readers: int = 0
) -> list[Alarm]:
    """Aurora's capacity, connections and readers, judged by its busiest instance.

    Metrics: docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html; under the
    cluster's identifier they hold those of all its instances, so `Maximum` is that of the busiest:
    docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/dimensions.html

    Args:
        cluster_identifier: Its identifier.
        thresholds: When an alarm goes off.
        serverless: Its capacity moves by itself.
        readers: How many readers it has.
    """
    dimensions = {"DBClusterIdentifier": cluster_identifier}
    capacity = (
        store_alarm(
            name="aurora-capacity",
            description=(
                f"An Aurora instance uses over {thresholds.aurora_acu_percent} % of max_acu, so it can soon grow no "
                "more: look first at Performance Insights for the heaviest queries, then raise max_acu."
            ),
            namespace=AURORA,
            metric="ACUUtilization",
            threshold=thresholds.aurora_acu_percent,
            dimensions=dimensions,
            runbook="aurora-capacity",
        )
        if serverless
        else store_alarm(
            name="aurora-cpu",
            description=(
                f"An Aurora instance uses over {thresholds.aurora_cpu_percent} % of its CPU: look first at the slow "
                "query log and at Performance Insights for the heaviest queries."
            ),
            namespace=AURORA,
            metric="CPUUtilization",
            threshold=thresholds.aurora_cpu_percent,
            dimensions=dimensions,
            runbook="aurora-capacity",
        )
    )
    connections = store_alarm(
        name="aurora-connections",
        description=(
            f"An Aurora instance has over {thresholds.aurora_connections} open connections: look first at how many "
            "tasks run, then for queries that wait for a lock."
        ),
        namespace=AURORA,
        metric="DatabaseConnections",
        threshold=thresholds.aurora_connections,
        dimensions=dimensions,
        runbook="aurora-connections",
    )
    lag = store_alarm(
        name="aurora-replica-lag",
        description=(
            f"A reader of Aurora is over {thresholds.aurora_replica_lag_ms} ms behind the writer, so visitors read "
            "what is old: look first for a long write or a change of a large table."
        ),
        namespace=AURORA,
        metric="AuroraReplicaLagMaximum",
        threshold=thresholds.aurora_replica_lag_ms,
        dimensions=dimensions,
        runbook="aurora-replica-lag",
    )
    return [capacity, connections, *([lag] if readers else [])]


def aurora_backup_alarm(cluster_identifier: pulumi.Input[str], rule: str) -> Alarm:
    """No automated snapshot for two days.

    AWS tells of each that is complete and of none that failed, so the alarm counts the former; a cluster of less than
    two days, which reported no CPU for one of them, is let alone:
    docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html#USER_Events.Messages.cluster-snapshot

    Args:
        cluster_identifier: The cluster.
        rule: Name of the rule that looks for its automated snapshots.
    """
    return Alarm(
        name="aurora-backup",
        description=(
            "Aurora has made no automated snapshot for two days: look first at the cluster's state and at its backup "
            "window in the RDS console, then make a snapshot by hand."
        ),
        namespace="AWS/Events",
        metric=Math(
            expression="IF(alive > 0, FILL(snapshots, 0), 1)",
            metrics={
                "snapshots": "TriggeredRules",
                "alive": Metric(
                    namespace=AURORA, name="CPUUtilization", dimensions={"DBClusterIdentifier": cluster_identifier}
                ),
            },
            label="Automated snapshots in a day",
        ),
        dimensions={"RuleName": rule},
        statistic="Sum",
        threshold=1,
        comparison="LessThanThreshold",
        period_seconds=DAY_SECONDS,
        evaluation_periods=2,
        datapoints_to_alarm=2,
        treat_missing_data="notBreaching",
        severity="warning",
        runbook="backups",
    )


def automated_snapshots(cluster_identifier: str) -> Mapping[str, Any]:
    """Automated snapshots of a database cluster that are complete:
    docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html#USER_Events.Messages.cluster-snapshot"""
    return {
        "source": ["aws.rds"],
        "detail-type": ["RDS DB Cluster Snapshot Event"],
        "detail": {"EventID": ["RDS-EVENT-0169"], "SourceIdentifier": [{"prefix": f"rds:{cluster_identifier}-"}]},
    }
