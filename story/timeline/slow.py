"""Settings that make every release slow, or hold up one that goes wrong: which one, what it costs, what to do."""

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
"""From here on a setting is worth a line. The defaults stay below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowSetting:
    """A setting that costs time.

    Attributes:
        key: The setting: `web.deregistration_delay_seconds`.
        value: Its value.
        costs_seconds: What it costs: of every release, or, where `costs` says so, only then.
        costs: What that is, in words.
        advice: What to do.
    """

    key: str
    value: int | float
    costs_seconds: int
    costs: str
    advice: str


def slow_settings(settings: Settings, line: Timeline) -> list[SlowSetting]:
    """What makes releases of this stack slow: what cannot end first, then in the order of the settings."""
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
            advice=f"{step.name} takes {step.at_least_seconds} s at least: a longer timeout, or less to wait for",
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
    advice = "as long as the longest request is enough; the default is 30"
    if delay > idle_timeout_seconds:
        advice = (
            "as long as the longest request is enough, and the load balancer gives a silent one up after "
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
            advice="5 to 10 if the check is a cheap one",
        )
    if web.health_check_grace_seconds >= LONG_GRACE_SECONDS:
        yield SlowSetting(
            key="web.health_check_grace_seconds",
            value=web.health_check_grace_seconds,
            costs_seconds=web.health_check_grace_seconds,
            costs="of a release whose tasks do not become healthy, for each try",
            advice="no longer than the slowest start of a task",
        )


def _stopping(web: WebSpec) -> Iterator[SlowSetting]:
    if web.stop_timeout_seconds > max(LONG_STOP_SECONDS, web.deregistration_delay_seconds):
        containers = 2 if web.nginx else 1
        yield SlowSetting(
            key="web.stop_timeout_seconds",
            value=web.stop_timeout_seconds,
            costs_seconds=containers * web.stop_timeout_seconds,
            costs="of a release whose old tasks miss their stop signal",
            advice="the load balancer has drained them before: as long as web.deregistration_delay_seconds is enough",
        )


def _baking(spec: DeploymentSpec) -> Iterator[SlowSetting]:
    needed = spec.alarms.minutes + CLOUDWATCH_DELAY_MINUTES if spec.alarms else 0
    bakes = {
        "canary_bake_time_minutes": spec.canary_bake_time_minutes if spec.strategy is Strategy.CANARY else 0,
        "bake_time_minutes": spec.bake_time_minutes if spec.shifts else 0,
    }
    for key, minutes in bakes.items():
        if 60 * minutes >= LONG_BAKE_SECONDS and minutes > needed:
            yield _bake(key, minutes, minutes, f"an alarm has gone off after {needed}")
    if spec.strategy is Strategy.LINEAR:
        count = linear_waits(spec)
        if (minutes := count * spec.step_bake_time_minutes) * 60 >= LONG_BAKE_SECONDS:
            advice = f"{count} waits of {spec.step_bake_time_minutes} minutes: a greater step_percent has fewer"
            yield _bake("step_bake_time_minutes", spec.step_bake_time_minutes, minutes, advice)
    if spec.alarms and spec.alarms.any and spec.alarms.minutes > LONG_ALARM_MINUTES:
        yield SlowSetting(
            key="web.deployment.alarms.minutes",
            value=spec.alarms.minutes,
            costs_seconds=60 * spec.alarms.minutes,
            costs="or so: ECS computes from it how long it watches" if not spec.shifts else "of baking, to be of use",
            advice="2 is enough for errors that matter",
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
    """A worker ends with its job. What is beyond the longest job, only one that misses its signal takes."""
    beyond = worker.stop_timeout_seconds - worker.timeout_seconds
    short = beyond >= LONG_STOP_SECONDS and worker.stop_timeout_seconds > 2 * worker.timeout_seconds
    if short and least_tasks(worker) and not worker.command:
        yield SlowSetting(
            key=f"{key}.stop_timeout_seconds",
            value=worker.stop_timeout_seconds,
            costs_seconds=beyond,
            costs="of a release whose old tasks miss their stop signal",
            advice=f"no job takes longer than {key}.timeout_seconds: {worker.timeout_seconds}; a little more is enough",
        )


def _late(step: Step) -> Iterator[SlowSetting]:
    beyond = step.timeout_seconds - step.at_least_seconds
    if beyond > LONG_TIMEOUT_SECONDS:
        yield SlowSetting(
            key=step.timeout_key,
            value=step.timeout_seconds,
            costs_seconds=beyond,
            costs=f"of a release in which {step.name} hangs",
            advice="as long as the slowest good release, and some reserve",
        )
