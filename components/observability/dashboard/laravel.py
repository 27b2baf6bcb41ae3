"""The queue and the scheduler, as the application reports them; AWS knows nothing of either."""

from components.observability.dashboard.scene import Scene
from components.widgets import Expression, Line, MetricLine, Row, evenly, graph, header, search

BY_QUEUE = "${PROP('Dim.Queue')}"


def laravel_section(scene: Scene) -> list[Row]:
    """Depth and age of the queues, failed jobs, the scheduler's heartbeat; or how to get them."""
    if not scene.laravel_metrics:
        return [
            header(
                "## Queue and scheduler\n"
                "Nothing is known of them. Let the application report them, then set "
                "`observability: { laravel_metrics: true }`: `docs/laravel-metrics.md`."
            )
        ]
    oldest = [_reported(scene, "OldestJobSeconds", "Maximum", "of all queues"), _by_queue(scene, "OldestJobSeconds")]
    return [
        header(
            "## Queue and scheduler\n"
            "A depth that only grows: workers are too few, or stand still (`story logs`). No heartbeat: nothing that "
            "is scheduled runs. Failed jobs: `php artisan queue:failed` in `story exec`."
        ),
        evenly(
            [
                graph(scene, "Waiting jobs by queue", [_by_queue(scene, "QueueDepth")]),
                graph(scene, "Oldest job, in seconds", oldest),
                graph(scene, "Failed jobs", [_reported(scene, "FailedJobs", "Sum", "jobs that failed")]),
                graph(
                    scene, "Heartbeats of the scheduler", [_reported(scene, "SchedulerHeartbeat", "Sum", "heartbeats")]
                ),
            ]
        ),
    ]


def _reported(scene: Scene, name: str, stat: str, label: str) -> Line:
    return MetricLine(namespace=scene.namespace, name=name, stat=stat, label=label)


def _by_queue(scene: Scene, name: str) -> Line:
    return Expression(expression=search(scene.namespace, ["Queue"], name, "Maximum"), label=BY_QUEUE)
