"""The data stores, and the certificate."""

from collections.abc import Mapping, Sequence

import pulumi

from components.alarm import Alarm, Math, Metric
from settings.observability import AlarmThresholdsSpec

DAY_SECONDS = 86_400


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
        _store(
            name="aurora-capacity",
            description=(
                f"An Aurora instance uses over {thresholds.aurora_acu_percent} % of max_acu, so it can soon grow no "
                "more: look first at Performance Insights for the heaviest queries, then raise max_acu."
            ),
            metric="ACUUtilization",
            threshold=thresholds.aurora_acu_percent,
            dimensions=dimensions,
            runbook="aurora-capacity",
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
            dimensions=dimensions,
            runbook="aurora-capacity",
        )
    )
    connections = _store(
        name="aurora-connections",
        description=(
            f"An Aurora instance has over {thresholds.aurora_connections} open connections: look first at how many "
            "tasks run, then for queries that wait for a lock."
        ),
        metric="DatabaseConnections",
        threshold=thresholds.aurora_connections,
        dimensions=dimensions,
        runbook="aurora-connections",
    )
    lag = _store(
        name="aurora-replica-lag",
        description=(
            f"A reader of Aurora is over {thresholds.aurora_replica_lag_ms} ms behind the writer, so visitors read "
            "what is old: look first for a long write or a change of a large table."
        ),
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
                    namespace="AWS/RDS", name="CPUUtilization", dimensions={"DBClusterIdentifier": cluster_identifier}
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


def valkey_alarms(nodes: Sequence[pulumi.Input[str]], thresholds: AlarmThresholdsSpec) -> list[Alarm]:
    """The memory of each node: a full one throws keys away, and sessions and cached values are lost.

    Metrics: docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html

    Args:
        nodes: Cache cluster id of each node, always in the same order.
        thresholds: When an alarm goes off.
    """
    return [alarm for number, node in enumerate(nodes, start=1) for alarm in _valkey_node(number, node, thresholds)]


def documentdb_alarms(cluster_identifier: pulumi.Input[str], thresholds: AlarmThresholdsSpec) -> list[Alarm]:
    """DocumentDB's CPU and memory, judged by its busiest instance.

    Metrics: docs.aws.amazon.com/documentdb/latest/developerguide/cloud_watch.html
    """
    dimensions = {"DBClusterIdentifier": cluster_identifier}
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
            dimensions=dimensions,
            runbook="documentdb",
        ),
        Alarm(
            name="documentdb-memory",
            description=(
                "DocumentDB makes requests wait because an instance has too little memory: look first for queries that "
                "read whole collections, then take a larger instance_class."
            ),
            namespace="AWS/DocDB",
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


def certificate_alarm(certificate_arn: pulumi.Input[str], thresholds: AlarmThresholdsSpec) -> Alarm:
    """A certificate that AWS could not renew, which it tries from 60 days before the end on:
    docs.aws.amazon.com/acm/latest/userguide/dns-renewal-validation.html

    Metrics: docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html
    """
    return Alarm(
        name="certificate-expiry",
        description=(
            f"The site's certificate ends in less than {thresholds.certificate_days} days and AWS has not renewed it: "
            "look first whether its validation record in DNS still exists."
        ),
        namespace="AWS/CertificateManager",
        metric="DaysToExpiry",
        dimensions={"CertificateArn": certificate_arn},
        statistic="Minimum",
        threshold=thresholds.certificate_days,
        comparison="LessThanThreshold",
        period_seconds=DAY_SECONDS,
        evaluation_periods=1,
        datapoints_to_alarm=1,
        treat_missing_data="missing",
        severity="warning",
        runbook="certificate",
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
            runbook="valkey-memory",
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
            severity="warning",
            runbook="valkey-memory",
        ),
    ]


def _store(
    *,
    name: str,
    description: str,
    metric: str,
    threshold: float,
    dimensions: Mapping[str, pulumi.Input[str]],
    runbook: str,
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
        severity="warning",
        runbook=runbook,
    )
