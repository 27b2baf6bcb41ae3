"""Releases: how long their steps took, and what ECS made of them.

The steps report their seconds when they end: MigrationSeconds, and RolloutSeconds for each service. They are also the
marks of a release in other graphs, since an annotation holds a fixed moment:
docs/decisions/0015-releases-on-the-dashboard.md
"""

from collections.abc import Sequence

from components.observability.dashboard.scene import Scene
from components.widgets import Expression, Line, MetricLine, Row, evenly, graph, header, search

EVENTS = "AWS/Events"


def releases_section(scene: Scene) -> list[Row]:
    """Durations of the steps; deployments and failed tasks, as their event rules count them.

    docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    """
    rollouts = search(scene.namespace, ["Service"], "RolloutSeconds", "Maximum")
    steps = [
        *release_marks(scene, rollouts=False),
        Expression(expression=f"FILL({rollouts}, 0)", label="rollout of ${PROP('Dim.Service')}"),
    ]
    events = [
        *_counted(scene, "deployments", "deployments"),
        *_counted(scene, "failed-tasks", "failedTasks"),
        *_counted(scene, "out-of-memory", "outOfMemory"),
    ]
    return [
        header(
            "## Releases\n"
            "A step that takes longer each time will run into its timeout: `story timeline` says where the time goes. "
            "A deployment without a release is ECS's or somebody's: look at the service's events."
        ),
        evenly(
            [
                graph(scene, "Steps of releases, in seconds", steps, stacked=True),
                graph(scene, "Events of deployments, and tasks that failed", events),
            ]
        ),
    ]


def release_marks(scene: Scene, *, rollouts: bool = True) -> Sequence[Line]:
    """A peak for each migration and each rollout of web, as high as the seconds it took.

    Args:
        scene: The stack.
        rollouts: Also those of web, and all on the axis on the right, for a graph of something else.
    """
    axis = "right" if rollouts else "left"
    marks: list[Line] = [
        _hidden(scene.namespace, "MigrationSeconds", {}, "migration"),
        Expression(expression="FILL(migration, 0)", label="migration", axis=axis),
    ]
    if rollouts and "web" in scene.monitored.services:
        marks += [
            _hidden(scene.namespace, "RolloutSeconds", {"Service": "web"}, "rollout"),
            Expression(expression="FILL(rollout, 0)", label="rollout of web", axis=axis),
        ]
    return marks


def _counted(scene: Scene, rule: str, id_: str) -> Sequence[Line]:
    """The rule reports only what it matched, so no report is none."""
    return [
        MetricLine(
            namespace=EVENTS,
            name="TriggeredRules",
            dimensions={"RuleName": f"{scene.stack}-{rule}"},
            stat="Sum",
            label=rule,
            id=id_,
            visible=False,
        ),
        Expression(expression=f"FILL({id_}, 0)", label=rule),
    ]


def _hidden(namespace: str, name: str, dimensions: dict[str, str], id_: str) -> MetricLine:
    return MetricLine(
        namespace=namespace, name=name, dimensions=dimensions, stat="Maximum", label=id_, id=id_, visible=False
    )
