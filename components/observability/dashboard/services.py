"""A row for each service: its tasks' CPU and memory, and how many there are.

Single tasks are in Container Insights with enhanced observability only, under ClusterName, ServiceName and TaskId:
docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-enhanced-observability-metrics-ECS.html
"""

from collections.abc import Sequence

from components.observability.dashboard.scene import Scene
from components.widgets import (
    MOST_LINES,
    Expression,
    Line,
    MetricLine,
    Row,
    evenly,
    graph,
    header,
    search,
)

INSIGHTS = "ECS/ContainerInsights"
SERVICES = "AWS/ECS"
TASK_DIMENSIONS = ("ClusterName", "ServiceName", "TaskId")


def services_section(scene: Scene) -> list[Row]:
    """Each service's tasks; where single tasks are not measured, the services and what to set."""
    if not scene.monitored.services:
        return []
    return [header(_first_words(scene)), *(_service(scene, name) for name in scene.monitored.services)]


def task_counts(scene: Scene, service: str) -> Sequence[Line]:
    """How many tasks a service has and should have.

    docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html
    """
    counts = {"DesiredTaskCount": "should run", "RunningTaskCount": "run", "PendingTaskCount": "are starting"}
    dimensions = _dimensions(scene, service)
    return [
        MetricLine(namespace=INSIGHTS, name=name, dimensions=dimensions, stat="Average", label=label)
        for name, label in counts.items()
    ]


def _first_words(scene: Scene) -> str:
    if scene.monitored.task_metrics:
        return (
            "## Services\n"
            "A line is a task; new ones appear by themselves. One task far above the others is stuck: "
            "`story exec` opens a shell in it. All of them high: raise `max_tasks` or `cpu`."
        )
    return (
        "## Services\n"
        "Averages only: CPU and memory of single tasks are not measured. To see them, set "
        "`cluster: { container_insights: enhanced }` and run an update."
    )


def _service(scene: Scene, service: str) -> Row:
    counted = scene.monitored.task_counts
    return evenly(
        [
            graph(scene, f"{service}: CPU, in percent", _use(scene, service, "Cpu")),
            graph(scene, f"{service}: memory, in percent", _use(scene, service, "Memory")),
            *([graph(scene, f"{service}: tasks", task_counts(scene, service))] if counted else []),
        ]
    )


def _use(scene: Scene, service: str, resource: str) -> Sequence[Line]:
    metric = {"Cpu": "CPUUtilization", "Memory": "MemoryUtilization"}[resource]
    lines: list[Line] = [
        MetricLine(namespace=SERVICES, name=metric, dimensions=_dimensions(scene, service), stat=stat, label=label)
        for stat, label in (("Average", "average of all tasks"), ("Maximum", "highest moment"))
    ]
    if not scene.monitored.task_metrics:
        return lines
    found = search(
        INSIGHTS,
        TASK_DIMENSIONS,
        f"Task{resource}Utilization",
        "Average",
        ClusterName=scene.monitored.cluster,
        ServiceName=service,
    )
    # A search finds the tasks of the last two weeks: most of them have ended before the graph begins.
    shown = f"SORT(REMOVE_EMPTY({found}), MAX, DESC, {MOST_LINES})"
    return [lines[0], Expression(expression=shown, label="${PROP('Dim.TaskId')}")]


def _dimensions(scene: Scene, service: str) -> dict[str, str]:
    return {"ClusterName": scene.monitored.cluster, "ServiceName": service}
