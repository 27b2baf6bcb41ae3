"""The data stores: what makes each of them slow or lose data.

Aurora: docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
Valkey: docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html
DocumentDB: docs.aws.amazon.com/documentdb/latest/developerguide/cloud_watch.html
"""

from collections.abc import Sequence
from dataclasses import replace

from components.observability.dashboard.grid import Row, Widget
from components.observability.dashboard.scene import Scene
from components.observability.dashboard.widgets import Axis, Line, MetricLine, evenly, graph, header

AURORA = "AWS/RDS"
VALKEY = "AWS/ElastiCache"
DOCUMENTDB = "AWS/DocDB"
ROLES = {"WRITER": "writer", "READER": "readers"}


def stores_section(scene: Scene) -> list[Row]:
    """A row or two for each store that the stack has."""
    rows = [*_aurora(scene), *_valkey(scene), *_documentdb(scene)]
    words = header(
        "## Data stores\n"
        "Slow answers with calm tasks begin here. A store at its limit: look for the query or the key that fills it "
        "before you make it larger."
    )
    return [words, *rows] if rows else []


def _aurora(scene: Scene) -> list[Row]:
    if not scene.monitored.aurora:
        return []
    spec, cluster = scene.monitored.aurora[0], scene.aurora
    lag = _of_cluster(AURORA, cluster, "AuroraReplicaLagMaximum", "Maximum", "slowest reader")
    latency = {"SelectLatency": "select", "DMLLatency": "insert, update, delete", "CommitLatency": "commit"}
    return [
        evenly(
            [
                _capacity(scene, cluster)
                if spec.serverless
                else graph(scene, "Aurora: CPU, in percent", _both(cluster, "CPUUtilization", "Maximum", spec.readers)),
                graph(scene, "Aurora: connections", _both(cluster, "DatabaseConnections", "Maximum", spec.readers)),
                graph(
                    scene,
                    "Aurora: answer time, in milliseconds",
                    [_of_cluster(AURORA, cluster, name, "Average", label) for name, label in latency.items()],
                ),
            ]
        ),
        evenly(
            [
                graph(
                    scene, "Aurora: free memory, in bytes", _both(cluster, "FreeableMemory", "Minimum", spec.readers)
                ),
                *([graph(scene, "Aurora: lag of readers, in milliseconds", [lag])] if spec.readers else []),
            ]
        ),
    ]


def _capacity(scene: Scene, cluster: str) -> Widget:
    units = replace(
        _of_cluster(AURORA, cluster, "ServerlessDatabaseCapacity", "Average", "ACUs, on average"), axis="right"
    )
    used = _of_cluster(AURORA, cluster, "ACUUtilization", "Maximum", "percent of max_acu, busiest instance")
    return graph(scene, "Aurora: capacity", [used, units], right="ACUs")


def _both(cluster: str, name: str, stat: str, readers: int) -> Sequence[Line]:
    """A metric of the whole cluster, and of the writer and the readers apart where there are readers."""
    whole = "busiest instance" if stat == "Maximum" else "instance with the least"
    apart = [
        MetricLine(
            namespace=AURORA,
            name=name,
            dimensions={"DBClusterIdentifier": cluster, "Role": role},
            stat=stat,
            label=label,
        )
        for role, label in ROLES.items()
        if readers
    ]
    return [_of_cluster(AURORA, cluster, name, stat, whole), *apart]


def _of_cluster(namespace: str, cluster: str, name: str, stat: str, label: str) -> MetricLine:
    return MetricLine(
        namespace=namespace, name=name, dimensions={"DBClusterIdentifier": cluster}, stat=stat, label=label
    )


def _valkey(scene: Scene) -> list[Row]:
    if not scene.valkey_nodes:
        return []

    def by_node(name: str, stat: str) -> Sequence[Line]:
        return [
            MetricLine(
                namespace=VALKEY, name=name, dimensions={"CacheClusterId": node}, stat=stat, label=f"node {number}"
            )
            for number, node in enumerate(scene.valkey_nodes, start=1)
        ]

    return [
        evenly(
            [
                graph(scene, "Valkey: memory, in percent", by_node("DatabaseMemoryUsagePercentage", "Maximum")),
                graph(scene, "Valkey: keys thrown away for want of memory", by_node("Evictions", "Sum")),
                graph(scene, "Valkey: CPU of the engine, in percent", by_node("EngineCPUUtilization", "Maximum")),
            ]
        ),
        evenly(
            [
                graph(scene, "Valkey: hits, in percent of the look-ups", by_node("CacheHitRate", "Average")),
                graph(scene, "Valkey: connections", by_node("CurrConnections", "Maximum")),
            ]
        ),
    ]


def _documentdb(scene: Scene) -> list[Row]:
    if not scene.documentdb:
        return []

    def of_cluster(name: str, stat: str, label: str, axis: Axis = "left") -> Sequence[Line]:
        return [replace(_of_cluster(DOCUMENTDB, scene.documentdb, name, stat, label), axis=axis)]

    memory = [
        *of_cluster("FreeableMemory", "Minimum", "instance with the least"),
        *of_cluster("LowMemNumOperationsThrottled", "Sum", "operations held back for want of it", axis="right"),
    ]
    return [
        evenly(
            [
                graph(
                    scene, "DocumentDB: CPU, in percent", of_cluster("CPUUtilization", "Maximum", "busiest instance")
                ),
                graph(scene, "DocumentDB: free memory, in bytes", memory, right="operations"),
                graph(
                    scene, "DocumentDB: connections", of_cluster("DatabaseConnections", "Maximum", "busiest instance")
                ),
            ]
        )
    ]
