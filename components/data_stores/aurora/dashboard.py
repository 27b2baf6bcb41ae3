"""Aurora on the dashboard: what makes it slow.

docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
"""

from collections.abc import Sequence

from components.data_stores.monitoring import cluster_line
from components.widgets import Drawn, Line, MetricLine, Row, Widget, evenly, graph
from settings.stores import AuroraSpec

AURORA = "AWS/RDS"
ROLES = {"WRITER": "writer", "READER": "readers"}


def aurora_rows(drawn: Drawn, spec: AuroraSpec, cluster: str) -> list[Row]:
    """Capacity, connections, answer time, memory, and the lag of readers.

    Args:
        drawn: The dashboard.
        spec: Whether its capacity moves by itself, and how many readers there are.
        cluster: Its identifier.
    """
    lag = cluster_line(AURORA, cluster, "AuroraReplicaLagMaximum", "Maximum", "slowest reader")
    latency = {"SelectLatency": "select", "DMLLatency": "insert, update, delete", "CommitLatency": "commit"}
    return [
        evenly(
            [
                _capacity(drawn, cluster)
                if spec.serverless
                else graph(drawn, "Aurora: CPU, in percent", _both(cluster, "CPUUtilization", "Maximum", spec.readers)),
                graph(drawn, "Aurora: connections", _both(cluster, "DatabaseConnections", "Maximum", spec.readers)),
                graph(
                    drawn,
                    "Aurora: answer time, in milliseconds",
                    [cluster_line(AURORA, cluster, name, "Average", label) for name, label in latency.items()],
                ),
            ]
        ),
        evenly(
            [
                graph(
                    drawn, "Aurora: free memory, in bytes", _both(cluster, "FreeableMemory", "Minimum", spec.readers)
                ),
                *([graph(drawn, "Aurora: lag of readers, in milliseconds", [lag])] if spec.readers else []),
            ]
        ),
    ]


def _capacity(drawn: Drawn, cluster: str) -> Widget:
    units = cluster_line(AURORA, cluster, "ServerlessDatabaseCapacity", "Average", "ACUs, on average", axis="right")
    used = cluster_line(AURORA, cluster, "ACUUtilization", "Maximum", "percent of max_acu, busiest instance")
    return graph(drawn, "Aurora: capacity", [used, units], right="ACUs")


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
    return [cluster_line(AURORA, cluster, name, stat, whole), *apart]
