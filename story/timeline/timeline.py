"""Computes the minimum and maximum time of a release from the settings, without a call to AWS.

Only times that come from settings or from a documented rule of AWS count. Unknown times (the duration of a migration,
the start of a Fargate task) count as 0 in the lower bound, and are listed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from settings.services import ServiceSpec
from settings.stack import Settings
from story.timeline.parts import Part, consumer_parts, own_time, scheduler_parts, web_parts

USERS, MIGRATION, SCHEDULER, WEB = "users", "migration", "scheduler", "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a release.

    Attributes:
        name: `users`, `migration`, `scheduler`, `web` or `worker-<name>`.
        after: The steps that it waits for.
        parts: The parts of its time, one after another.
        timeout_key: The setting with its timeout.
        timeout_seconds: The timeout, after which the update fails.
    """

    name: str
    after: Sequence[str]
    parts: Sequence[Part]
    timeout_key: str
    timeout_seconds: int

    @property
    def at_least_seconds(self) -> int:
        """Minimum time of a successful step."""
        return sum(part.at_least_seconds for part in self.parts)

    @property
    def fits(self) -> bool:
        """Whether it can end before its timeout."""
        return self.at_least_seconds < self.timeout_seconds

    @property
    def at_most_seconds(self) -> int:
        """Maximum time: the timeout, but never less than the minimum time."""
        return max(self.timeout_seconds, self.at_least_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The steps of a release, each after those that it waits for."""

    steps: Sequence[Step]

    @property
    def at_least_seconds(self) -> int:
        """Minimum time of the whole release."""
        return max(self.ends.values(), default=0)

    @property
    def at_most_seconds(self) -> int:
        """Maximum time of the whole release, from the timeouts."""
        return max(self._ends({step.name: step.at_most_seconds for step in self.steps}).values(), default=0)

    @property
    def begins(self) -> Mapping[str, int]:
        """The earliest start of each step, in seconds after the first one."""
        return {step.name: max((self.ends[name] for name in step.after), default=0) for step in self.steps}

    @property
    def ends(self) -> Mapping[str, int]:
        """When each step ends at the earliest, in seconds after the beginning of the first one."""
        return self._ends({step.name: step.at_least_seconds for step in self.steps})

    @property
    def task_starts(self) -> int:
        """How many starts of a task follow one another. The users' task is none: most releases do not run it."""
        ends = self._ends({step.name: int(step.name != USERS) for step in self.steps})
        return max(ends.values(), default=0)

    def _ends(self, lasts: Mapping[str, int]) -> dict[str, int]:
        ends: dict[str, int] = {}
        for step in self.steps:
            ends[step.name] = max((ends[name] for name in step.after), default=0) + lasts[step.name]
        return ends


def timeline(settings: Settings) -> Timeline:
    """The time line of a release of a stack that runs already, from these settings."""
    first = list(_one_off_tasks(settings))
    gate = [first[-1].name]
    consumers = list(_consumers(settings, gate))
    steps = [*first, *consumers]
    if settings.web.enabled:
        after = [step.name for step in consumers] or gate
        steps.append(_service(WEB, WEB, settings.web, web_parts(settings.web), after))
    return Timeline(steps=steps)


def _one_off_tasks(settings: Settings) -> Iterator[Step]:
    spec = settings.migration
    databases = settings.aurora.enabled or settings.documentdb.enabled
    if databases:
        yield Step(
            name=USERS,
            after=[],
            parts=[own_time("the databases' users; only where a store, a database or a password is new")],
            timeout_key="migration.users_timeout_seconds",
            timeout_seconds=spec.users_timeout_seconds,
        )
    yield Step(
        name=MIGRATION,
        after=[USERS] if databases else [],
        parts=[own_time("the migration; as long as its statements take")],
        timeout_key="migration.timeout_seconds",
        timeout_seconds=spec.timeout_seconds,
    )


def _consumers(settings: Settings, after: Sequence[str]) -> Iterator[Step]:
    """Workers and scheduler, side by side."""
    for name, worker in settings.enabled_workers:
        key = f"workers.{name}"
        yield _service(f"worker-{name}", key, worker, consumer_parts(key, worker), after)
    if settings.scheduler.enabled:
        yield _service(SCHEDULER, SCHEDULER, settings.scheduler, scheduler_parts(settings.scheduler), after)


def _service(name: str, key: str, spec: ServiceSpec, parts: Sequence[Part], after: Sequence[str]) -> Step:
    return Step(
        name=name,
        after=after,
        parts=parts,
        timeout_key=f"{key}.rollout_timeout_seconds",
        timeout_seconds=spec.rollout_timeout_seconds,
    )
