"""The parts that a deployment of a service waits for, each with its settings and AWS's page.

A rolling deployment is COMPLETED when the service is in a steady state and, with alarms, after ECS has monitored them
for a bake time that begins when the new version has scaled out and the old one has scaled in:
docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html,
docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html.
Blue/green, canary and linear deployments end when the old version has no running task:
docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html.
A task in a target group keeps running while the load balancer drains it, because ECS sends the stop signal only after
that. So the draining time counts. AWS does not document whether ECS also waits until a task with a stop signal has
ended: that time counts as 0 in the lower bound.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from settings.deployment import (
    CONTAINER_CHECK_SECONDS,
    HEALTHY_THRESHOLD,
    ROLLING_PERCENT,
    DeploymentSpec,
    Strategy,
)
from settings.services import ScaledServiceSpec, SchedulerSpec, WebSpec, WorkerSpec

ECS = "https://docs.aws.amazon.com/AmazonECS/latest"
CONFIGURATION = f"{ECS}/APIReference/API_DeploymentConfiguration.html"
TARGET_HEALTH = f"{ECS}/developerguide/load-balancer-healthcheck.html"
DRAINING = f"{ECS}/developerguide/load-balancer-connection-draining.html"
CONTAINER_HEALTH = f"{ECS}/APIReference/API_HealthCheck.html"
STOP_TIMEOUT = f"{ECS}/APIReference/API_ContainerDefinition.html"
ALARMS = f"{ECS}/developerguide/deployment-alarm-failure.html"
CANARY = f"{ECS}/APIReference/API_CanaryConfiguration.html"
LINEAR = f"{ECS}/APIReference/API_LinearConfiguration.html"
RUN_TASK = f"{ECS}/developerguide/task-lifecycle-explanation.html"

COUNTS_AS_HEALTHY_SECONDS = 40
"""ECS's rule: a task without load balancer and health check counts as healthy this long after its start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the time of a step.

    Attributes:
        what: What happens in this time.
        at_least_seconds: Minimum time.
        at_most_seconds: Maximum time; None if no setting limits it.
        settings: The settings that determine it, by key; empty if it is a rule of AWS or of the program.
        source: AWS's page for the rule.
    """

    what: str
    at_least_seconds: int
    at_most_seconds: int | None
    settings: Mapping[str, int | float] = field(default_factory=dict[str, int | float])
    source: str


def own_time(what: str) -> Part:
    """A task whose duration is unknown."""
    return Part(what=what, at_least_seconds=0, at_most_seconds=None, source=RUN_TASK)


def least_tasks(spec: ScaledServiceSpec) -> int:
    """The minimum number of tasks of the service."""
    if not spec.autoscaling:
        return spec.tasks
    return min([spec.autoscaling.min_tasks, *(each.min_tasks for each in spec.autoscaling.schedules.values())])


def waves(desired: int, minimum_percent: int, maximum_percent: int) -> int:
    """How many rounds of starting new tasks and stopping old ones a rolling deployment needs.

    At most `maximum_percent` (rounded down) run at a time, and `minimum_percent` (rounded up) stay healthy:
    docs.aws.amazon.com/AmazonECS/latest/developerguide/service-options.html

    Raises:
        ValueError: The percentages do not allow to replace a task.
    """
    if desired == 0:
        return 0
    room = desired * maximum_percent // 100 - desired
    spare = desired - math.ceil(desired * minimum_percent / 100)
    if room + spare <= 0:
        raise ValueError(f"{minimum_percent} and {maximum_percent} percent of {desired} tasks do not allow a new task")
    return math.ceil(desired / (room + spare))


def consumer_parts(key: str, spec: WorkerSpec) -> Sequence[Part]:
    """A worker: it has no load balancer, and finishes its current job after the stop signal."""
    rounds = waves(least_tasks(spec), *ROLLING_PERCENT)
    if not rounds:
        return []
    given: dict[str, int | float] = {f"{key}.stop_timeout_seconds": spec.stop_timeout_seconds}
    longest = spec.stop_timeout_seconds
    if not spec.command:
        given[f"{key}.timeout_seconds"] = spec.timeout_seconds
        longest = min(longest, spec.timeout_seconds)
    return [
        Part(
            what="ECS counts a new task without health check as healthy after this time",
            at_least_seconds=rounds * COUNTS_AS_HEALTHY_SECONDS,
            at_most_seconds=None,
            source=CONFIGURATION,
        ),
        Part(
            what="the old tasks finish their current jobs",
            at_least_seconds=0,
            at_most_seconds=rounds * longest,
            settings=given,
            source=STOP_TIMEOUT,
        ),
    ]


def scheduler_parts(spec: SchedulerSpec) -> Sequence[Part]:
    """The scheduler: its old task stops before the new one starts (at least 0, at most 100 percent), so the step
    does not wait until the new one is healthy."""
    return [
        Part(
            what="the old task finishes its current commands",
            at_least_seconds=0,
            at_most_seconds=spec.stop_timeout_seconds,
            settings={"scheduler.stop_timeout_seconds": spec.stop_timeout_seconds},
            source=STOP_TIMEOUT,
        )
    ]


def web_parts(spec: WebSpec) -> Sequence[Part]:
    """Web, by its deployment strategy: new tasks become healthy, traffic shifts, old tasks are drained and stop."""
    shifts = spec.deployment.shifts
    # Blue/green, canary and linear start all new tasks beside the old ones, independent of the percentages.
    rounds = min(least_tasks(spec), 1) if shifts else waves(least_tasks(spec), *ROLLING_PERCENT)
    return [
        *(_become_healthy(spec, rounds) if rounds else ()),
        *_bakes(spec.deployment),
        *(_leave(spec, rounds) if rounds else ()),
        *(() if shifts else _watched(spec.deployment)),
    ]


def _become_healthy(spec: WebSpec, rounds: int) -> Iterator[Part]:
    if spec.nginx:
        yield Part(
            what="php-fpm passes its first health check before nginx starts",
            at_least_seconds=rounds * CONTAINER_CHECK_SECONDS,
            at_most_seconds=None,
            source=CONTAINER_HEALTH,
        )
    yield Part(
        what=f"the new tasks pass {HEALTHY_THRESHOLD} consecutive health checks of the load balancer",
        at_least_seconds=rounds * HEALTHY_THRESHOLD * spec.health_check_interval_seconds,
        at_most_seconds=None,
        settings={"web.health_check_interval_seconds": spec.health_check_interval_seconds},
        source=TARGET_HEALTH,
    )


def linear_waits(spec: DeploymentSpec) -> int:
    """Number of bake times of a `linear` deployment: ECS does not wait after the last step, to 100 percent."""
    return math.ceil(round(100 / spec.step_percent, 9)) - 1


def _bakes(spec: DeploymentSpec) -> Iterator[Part]:
    if spec.strategy is Strategy.CANARY:
        given = {"web.deployment.canary_bake_time_minutes": spec.canary_bake_time_minutes}
        yield _wait("some traffic goes to the new tasks", 60 * spec.canary_bake_time_minutes, given, CANARY)
    if spec.strategy is Strategy.LINEAR:
        count = linear_waits(spec)
        given = {
            "web.deployment.step_percent": spec.step_percent,
            "web.deployment.step_bake_time_minutes": spec.step_bake_time_minutes,
        }
        steps = f"traffic shifts in steps, with {count} wait{'' if count == 1 else 's'} between them"
        yield _wait(steps, 60 * count * spec.step_bake_time_minutes, given, LINEAR)
    if spec.shifts:
        given = {"web.deployment.bake_time_minutes": spec.bake_time_minutes}
        yield _wait("all traffic goes to the new tasks, the old ones keep running", 60 * spec.bake_time_minutes, given)


def _wait(what: str, seconds: int, given: Mapping[str, int | float], source: str = CONFIGURATION) -> Part:
    return Part(what=what, at_least_seconds=seconds, at_most_seconds=seconds, settings=given, source=source)


def _leave(spec: WebSpec, rounds: int) -> Iterator[Part]:
    delay = spec.deregistration_delay_seconds
    given = {"web.deregistration_delay_seconds": delay}
    yield _wait("the load balancer drains the old tasks", rounds * delay, given, DRAINING)
    # Containers stop in the reverse order of their start, so nginx first and then php-fpm, each with its own time.
    containers = 2 if spec.nginx else 1
    yield Part(
        what="the old tasks end" + (", nginx before php-fpm" if spec.nginx else ""),
        at_least_seconds=0,
        at_most_seconds=rounds * containers * spec.stop_timeout_seconds,
        settings={"web.stop_timeout_seconds": spec.stop_timeout_seconds},
        source=STOP_TIMEOUT,
    )


def _watched(spec: DeploymentSpec) -> Iterator[Part]:
    if spec.alarms and spec.alarms.any:
        yield Part(
            what="ECS monitors the alarms for a bake time that it computes itself",
            at_least_seconds=0,
            at_most_seconds=None,
            settings={"web.deployment.alarms.minutes": spec.alarms.minutes},
            source=ALARMS,
        )
