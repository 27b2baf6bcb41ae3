"""DocumentDB on the dashboard: what makes it slow.

docs.aws.amazon.com/documentdb/latest/developerguide/cloud_watch.html
"""

from collections.abc import Sequence

from components.data_stores.monitoring import cluster_line
from components.widgets import Axis, Drawn, Line, Row, evenly, graph

DOCUMENTDB = "AWS/DocDB"


def documentdb_rows(drawn: Drawn, cluster: str) -> list[Row]:
    """CPU, memory and connections.

    Args:
        drawn: The dashboard.
        cluster: Its identifier.
    """

    def of_cluster(name: str, stat: str, label: str, axis: Axis = "left") -> Sequence[Line]:
        return [cluster_line(DOCUMENTDB, cluster, name, stat, label, axis=axis)]

    memory = [
        *of_cluster("FreeableMemory", "Minimum", "instance with the least"),
        *of_cluster("LowMemNumOperationsThrottled", "Sum", "operations held back for want of it", axis="right"),
    ]
    return [
        evenly(
            [
                graph(
                    drawn, "DocumentDB: CPU, in percent", of_cluster("CPUUtilization", "Maximum", "busiest instance")
                ),
                graph(drawn, "DocumentDB: free memory, in bytes", memory, right="operations"),
                graph(
                    drawn, "DocumentDB: connections", of_cluster("DatabaseConnections", "Maximum", "busiest instance")
                ),
            ]
        )
    ]
