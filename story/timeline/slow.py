"""Settings that make every release slow, or delay a failing one: the setting, its cost in time, and advice."""

from collections.abc import Iterator
from dataclasses import dataclass

from settings.deployment import CLOUDWATCH_DELAY_MINUTES, HEALTHY_THRESHOLD, DeploymentSpec, Strategy
from settings.services import WebSpec, WorkerSpec
from settings.stack import Settings
from story.timeline.parts import least_tasks, linear_waits
from story.timeline.timeline import Step, Timeline

LONG_DRAINING_SECONDS = 60
LONG_CHECKS_SECONDS = 60
LONG_BAKE_SECONDS = 600
LONG_STOP_SECONDS = 60
LONG_ALARM_MINUTES = 5
LONG_GRACE_SECONDS = 300
LONG_TIMEOUT_SECONDS = 3600
"""Values from which a setting gets a warning. The defaults are lower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowSetting:
    """A setting that makes a release slow.

    Attributes:
        key: The setting: `web.deregistration_delay_seconds`.
        value: Its value.
        costs_seconds: Time that the setting costs, in the releases that `costs` describes.
        costs: In which releases, as text.
        advice: What to do.
    """

    key: str
    value: int | float
    costs_seconds: int
    costs: str
    advice: str


def slow_settings(settings: Settings, line: Timeline) -> list[SlowSetting]:
    """Settings that make releases of this stack slow: too short timeouts first, then in the order of the settings."""
    return [
        *(each for step in line.steps for each in _endless(step)),
        *(_of_web(settings) if settings.web.enabled else ()),
        *(each for name, worker in settings.enabled_workers for each in _of_worker(f"workers.{name}", worker)),
        *(each for step in line.steps for each in _late(step)),
    ]


def _endless(step: Step) -> Iterator[SlowSetting]:
    if not step.fits:
        yield SlowSetting(
            key=step.timeout_key,
            value=step.timeout_seconds,
            costs_seconds=step.timeout_seconds,
            costs="and then the release fails",
            advice=f"{step.name} takes at least {step.at_least_seconds} s: increase the timeout, or wait less",
        )


def _of_web(settings: Settings) -> Iterator[SlowSetting]:
    web = settings.web
    if least_tasks(web):
        yield from _draining(web, settings.ingress.idle_timeout_seconds)
        yield from _checks(web)
        yield from _stopping(web)
    yield from _baking(web.deployment)


def _draining(web: WebSpec, idle_timeout_seconds: int) -> Iterator[SlowSetting]:
    delay = web.deregistration_delay_seconds
    if delay <= LONG_DRAINING_SECONDS and delay <= 2 * idle_timeout_seconds:
        return
    advice = "use the duration of the longest request; the default is 30"
    if delay > idle_timeout_seconds:
        advice = (
            "use the duration of the longest request; the load balancer closes idle connections after "
            f"ingress.idle_timeout_seconds: {idle_timeout_seconds}"
        )
    yield SlowSetting(
        key="web.deregistration_delay_seconds",
        value=delay,
        costs_seconds=delay,
        costs="of every release",
        advice=advice,
    )


def _checks(web: WebSpec) -> Iterator[SlowSetting]:
    interval, seconds = web.health_check_interval_seconds, HEALTHY_THRESHOLD * web.health_check_interval_seconds
    if seconds >= LONG_CHECKS_SECONDS:
        yield SlowSetting(
            key="web.health_check_interval_seconds",
            value=interval,
            costs_seconds=seconds,
            costs=f"of every release, for {HEALTHY_THRESHOLD} checks",
            advice="use 5 to 10 if the health check is cheap",
        )
    if web.health_check_grace_seconds >= LONG_GRACE_SECONDS:
        yield SlowSetting(
            key="web.health_check_grace_seconds",
            value=web.health_check_grace_seconds,
            costs_seconds=web.health_check_grace_seconds,
            costs="of a release whose tasks do not become healthy, for each attempt",
            advice="use the slowest start of a task",
        )


def _stopping(web: WebSpec) -> Iterator[SlowSetting]:
    if web.stop_timeout_seconds > max(LONG_STOP_SECONDS, web.deregistration_delay_seconds):
        containers = 2 if web.nginx else 1
        yield SlowSetting(
            key="web.stop_timeout_seconds",
            value=web.stop_timeout_seconds,
            costs_seconds=containers * web.stop_timeout_seconds,
            costs="of a release whose old tasks ignore the stop signal",
            advice="the load balancer has already drained them: web.deregistration_delay_seconds is enough",
        )


def _baking(spec: DeploymentSpec) -> Iterator[SlowSetting]:
    needed = spec.alarms.minutes + CLOUDWATCH_DELAY_MINUTES if spec.alarms else 0
    bakes = {
        "canary_bake_time_minutes": spec.canary_bake_time_minutes if spec.strategy is Strategy.CANARY else 0,
        "bake_time_minutes": spec.bake_time_minutes if spec.shifts else 0,
    }
    for key, minutes in bakes.items():
        if 60 * minutes >= LONG_BAKE_SECONDS and minutes > needed:
            yield _bake(key, minutes, minutes, f"{needed} minutes are enough for an alarm to change its state")
    if spec.strategy is Strategy.LINEAR:
        count = linear_waits(spec)
        if (minutes := count * spec.step_bake_time_minutes) * 60 >= LONG_BAKE_SECONDS:
            advice = f"{count} waits of {spec.step_bake_time_minutes} minutes: a greater step_percent needs fewer"
            yield _bake("step_bake_time_minutes", spec.step_bake_time_minutes, minutes, advice)
    if spec.alarms and spec.alarms.any and spec.alarms.minutes > LONG_ALARM_MINUTES:
        yield SlowSetting(
            key="web.deployment.alarms.minutes",
            value=spec.alarms.minutes,
            costs_seconds=60 * spec.alarms.minutes,
            costs="approximately: ECS computes its bake time from it"
            if not spec.shifts
            else "of bake time, to have an effect",
            advice="2 is enough for serious errors",
        )


def _bake(key: str, value: int, minutes: int, advice: str) -> SlowSetting:
    return SlowSetting(
        key=f"web.deployment.{key}",
        value=value,
        costs_seconds=60 * minutes,
        costs="of every release",
        advice=advice,
    )


def _of_worker(key: str, worker: WorkerSpec) -> Iterator[SlowSetting]:
    """A worker ends after its current job. Only one that ignores the stop signal takes longer than the longest job."""
    beyond = worker.stop_timeout_seconds - worker.timeout_seconds
    short = beyond >= LONG_STOP_SECONDS and worker.stop_timeout_seconds > 2 * worker.timeout_seconds
    if short and least_tasks(worker) and not worker.command:
        yield SlowSetting(
            key=f"{key}.stop_timeout_seconds",
            value=worker.stop_timeout_seconds,
            costs_seconds=beyond,
            costs="of a release whose old tasks ignore the stop signal",
            advice=f"no job takes longer than {key}.timeout_seconds: {worker.timeout_seconds}; use a little more",
        )


def _late(step: Step) -> Iterator[SlowSetting]:
    beyond = step.timeout_seconds - step.at_least_seconds
    if beyond > LONG_TIMEOUT_SECONDS:
        yield SlowSetting(
            key=step.timeout_key,
            value=step.timeout_seconds,
            costs_seconds=beyond,
            costs=f"of a release in which {step.name} does not end",
            advice="use the time of the slowest successful release, and some reserve",
        )
