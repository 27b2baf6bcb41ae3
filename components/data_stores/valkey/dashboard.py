"""Valkey on the dashboard: what makes it slow or lose data.

docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html
"""

from collections.abc import Sequence

from components.widgets import Drawn, Line, MetricLine, Row, evenly, graph

VALKEY = "AWS/ElastiCache"


def valkey_rows(drawn: Drawn, nodes: Sequence[str]) -> list[Row]:
    """Memory, evictions, CPU, hits and connections of each node.

    Args:
        drawn: The dashboard.
        nodes: Cache cluster id of each node.
    """

    def by_node(name: str, stat: str) -> Sequence[Line]:
        return [
            MetricLine(
                namespace=VALKEY, name=name, dimensions={"CacheClusterId": node}, stat=stat, label=f"node {number}"
            )
            for number, node in enumerate(nodes, start=1)
        ]

    return [
        evenly(
            [
                graph(drawn, "Valkey: memory, in percent", by_node("DatabaseMemoryUsagePercentage", "Maximum")),
                graph(drawn, "Valkey: keys thrown away for want of memory", by_node("Evictions", "Sum")),
                graph(drawn, "Valkey: CPU of the engine, in percent", by_node("EngineCPUUtilization", "Maximum")),
            ]
        ),
        evenly(
            [
                graph(drawn, "Valkey: hits, in percent of the look-ups", by_node("CacheHitRate", "Average")),
                graph(drawn, "Valkey: connections", by_node("CurrConnections", "Maximum")),
            ]
        ),
    ]
