"""Sample values for the graphs of a dashboard: an ordinary afternoon, with a release at half past two and at four.

The same graph gets the same values, since chance is seeded with its own text.
"""

import math
import random
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

POINTS = 73
"""Six hours, five minutes apart."""
FIRST_HOUR = 12
RELEASES = {30: 1.0, 48: 0.8}
"""When there was a release, and how long its steps took in comparison."""
AFTER_A_RELEASE = 3
LEAKS = "worker-mail: memory"
IN_ALARM = ("worker-mail-memory",)

LEVELS: Mapping[str, tuple[float, float]] = {
    "RequestCount": (1800, 0.3),
    "p50": (0.11, 0.1),
    "p95": (0.46, 0.2),
    "p99": (1.1, 0.3),
    "5xx": (0.06, 0.5),
    "4xx": (0.35, 0.2),
    "HealthyHostCount": (1, 0),
    "ActiveConnectionCount": (420, 0.25),
    "CPUUtilization": (38, 0.3),
    "MemoryUtilization": (55, 0.04),
    "TaskCpuUtilization": (38, 0.4),
    "TaskMemoryUtilization": (55, 0.06),
    "DesiredTaskCount": (2, 0),
    "RunningTaskCount": (2, 0),
    "ACUUtilization": (41, 0.25),
    "ServerlessDatabaseCapacity": (6, 0.25),
    "DatabaseConnections": (46, 0.2),
    "SelectLatency": (1.2, 0.3),
    "DMLLatency": (2.6, 0.3),
    "CommitLatency": (3.9, 0.2),
    "FreeableMemory": (5.2e9, 0.05),
    "AuroraReplicaLagMaximum": (18, 0.3),
    "DatabaseMemoryUsagePercentage": (47, 0.05),
    "EngineCPUUtilization": (9, 0.4),
    "CacheHitRate": (93, 0.02),
    "CurrConnections": (64, 0.1),
    "QueueDepth": (24, 0.9),
    "OldestJobSeconds": (9, 0.8),
    "SchedulerHeartbeat": (1, 0),
}
"""The usual value of a metric, or of what a label begins with, and how far it swings. What is not here is 0."""
AT_A_RELEASE = {"MigrationSeconds": 46, "RolloutSeconds": 190, "story-prod-deployments": 5}
FOUND = {"TaskId": ("3f0c9a17", "b81d44e2"), "Queue": ("default", "mail"), "Service": ("web", "worker-default")}
"""What a search finds, by the dimension that tells its lines apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A line to draw."""

    label: str
    right: bool
    values: Sequence[float]


def series(graph: Mapping[str, Any]) -> list[Series]:
    """The lines of a metric widget, by its properties."""
    by_id = {item[-1]["id"]: item for item in graph["metrics"] if "id" in item[-1]}
    return [
        line
        for item in graph["metrics"]
        if item[-1].get("visible", True)
        for line in _lines(graph["title"], item, by_id)
    ]


def _lines(title: str, item: Sequence[Any], by_id: Mapping[str, Sequence[Any]]) -> list[Series]:
    drawn = item[-1]
    right = drawn.get("yAxis") == "right"
    if "expression" not in drawn:
        return [Series(label=drawn["label"], right=right, values=_values(title, _key(item), drawn["label"]))]
    expression: str = drawn["expression"]
    if named := re.search(r'MetricName="(\w+)"', expression):
        (dimension,) = re.findall(r"Dim\.(\w+)", drawn["label"])
        place = f"${{PROP('Dim.{dimension}')}}"
        return [
            Series(label=drawn["label"].replace(place, found), right=right, values=_values(title, named[1], found))
            for found in FOUND[dimension]
        ]
    filled = re.fullmatch(r"FILL\((\w+), 0\)", expression)
    key = _key(by_id[filled[1]]) if filled else drawn["label"].split(":")[0]
    return [Series(label=drawn["label"], right=right, values=_values(title, key, drawn["label"]))]


def _key(item: Sequence[Any]) -> str:
    """What the values of a metric depend on: its name, its rule or its percentile."""
    if item[1] == "TriggeredRules":
        return item[3]
    return item[-1]["stat"] if item[1] == "TargetResponseTime" else item[1]


def _values(title: str, key: str, label: str) -> list[float]:
    if key in AT_A_RELEASE:
        return [AT_A_RELEASE[key] * RELEASES.get(point, 0) for point in range(POINTS)]
    usual, swing = LEVELS.get(key, (0, 0))
    # Not for secrets: the same text has to give the same picture.
    chance = random.Random(_number(f"{title} {key} {label}"))
    start = _number(title) % 7
    values = [
        usual * (1 + swing * (0.6 * math.sin(at / 13 + start) + chance.uniform(-0.4, 0.4))) for at in range(POINTS)
    ]
    if key == "5xx":
        return [value * (6 if _follows_a_release(at) else 1) for at, value in enumerate(values)]
    if title.startswith(LEAKS):
        return [min(97, value * (0.8 + at / POINTS)) for at, value in enumerate(values)]
    return values


def _number(text: str) -> int:
    return zlib.crc32(text.encode())


def _follows_a_release(at: int) -> bool:
    return any(release <= at < release + AFTER_A_RELEASE for release in RELEASES)
