"""The first section: what visitors of the site see.

Metrics: docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from collections.abc import Iterator, Sequence

from components.observability.alarms.site import BALANCER, ERROR_PERCENT
from components.observability.dashboard.alarm_states import alarm_states
from components.observability.dashboard.releases import release_marks
from components.observability.dashboard.scene import Scene
from components.observability.dashboard.services import task_counts
from components.widgets import Expression, Line, MetricLine, Row, evenly, graph, header

CLIENT_ERROR_PERCENT = (
    "100 * (FILL(taskRefusals, 0) + FILL(balancerRefusals, 0)) / (FILL(requests, 0) + FILL(balancerRefusals, 0))"
)


def site_section(scene: Scene) -> list[Row]:
    """Alarms, requests, errors, latency, healthy tasks by zone, and what can reach its limit."""
    return [
        header(
            "## Site\n"
            "Look here first: an alarm that is red has its runbook's address in its description. Errors that begin "
            f"at the mark of a release are the release's: `story rollback`. Runbooks: {_linked(scene.runbooks)}"
        ),
        alarm_states(scene),
        evenly(
            [
                graph(scene, "Requests", _requests(scene)),
                graph(
                    scene,
                    "Errors, in percent of the answers",
                    [*_errors(scene), *release_marks(scene)],
                    right="seconds of a release",
                ),
                graph(scene, "Answer time, in seconds", _latency(scene)),
            ]
        ),
        evenly([graph(scene, title, lines) for title, lines in _limits(scene)]),
    ]


def _limits(scene: Scene) -> Iterator[tuple[str, Sequence[Line]]]:
    """What can reach a limit, as far as the stack has it."""
    services = scene.monitored.services
    if scene.target_groups:
        yield "Healthy tasks by zone", _healthy(scene)
    yield "Connections", _connections(scene)
    if any(service.runs_php_fpm for service in services.values()):
        yield "php-fpm: all its processes busy", _php_fpm(scene)
    if scene.monitored.task_counts and "web" in services:
        yield "Tasks of the site", task_counts(scene, "web")


def _linked(runbooks: str) -> str:
    """An address as a link, a folder of the repository as it is."""
    return f"[{runbooks}]({runbooks})" if runbooks.startswith("http") else f"`{runbooks}`"


def _balancer(
    scene: Scene, name: str, label: str, *, stat: str = "Sum", id_: str = "", visible: bool = True
) -> MetricLine:
    return MetricLine(
        namespace=BALANCER,
        name=name,
        dimensions={"LoadBalancer": scene.load_balancer},
        stat=stat,
        label=label,
        id=id_,
        visible=visible,
    )


def _requests(scene: Scene) -> Sequence[Line]:
    return [_balancer(scene, "RequestCount", "requests")]


def _errors(scene: Scene) -> Sequence[Line]:
    return [
        _balancer(scene, "HTTPCode_Target_5XX_Count", "5xx of tasks", id_="taskErrors", visible=False),
        _balancer(scene, "HTTPCode_ELB_5XX_Count", "5xx of the load balancer", id_="balancerErrors", visible=False),
        _balancer(scene, "HTTPCode_Target_4XX_Count", "4xx of tasks", id_="taskRefusals", visible=False),
        _balancer(scene, "HTTPCode_ELB_4XX_Count", "4xx of the load balancer", id_="balancerRefusals", visible=False),
        _balancer(scene, "RequestCount", "requests", id_="requests", visible=False),
        Expression(expression=ERROR_PERCENT, label="5xx: our mistakes"),
        Expression(expression=CLIENT_ERROR_PERCENT, label="4xx: the visitors'"),
    ]


def _latency(scene: Scene) -> Sequence[Line]:
    return [_balancer(scene, "TargetResponseTime", stat, stat=stat) for stat in ("p50", "p95", "p99")]


def _healthy(scene: Scene) -> Sequence[Line]:
    return [
        MetricLine(
            namespace=BALANCER,
            name="HealthyHostCount",
            dimensions={"AvailabilityZone": zone, "LoadBalancer": scene.load_balancer, "TargetGroup": suffix},
            stat="Minimum",
            label=f"{group} in {zone}",
        )
        for group, suffix in scene.target_groups.items()
        for zone in scene.monitored.zones
    ]


def _connections(scene: Scene) -> Sequence[Line]:
    return [
        _balancer(scene, "ActiveConnectionCount", "open"),
        _balancer(scene, "RejectedConnectionCount", "refused: over the load balancer's limit"),
    ]


def _php_fpm(scene: Scene) -> Sequence[Line]:
    """Counted in its log, since AWS knows nothing of php-fpm."""
    return [MetricLine(namespace=scene.namespace, name="PhpFpmSaturated", stat="Sum", label="times")]
