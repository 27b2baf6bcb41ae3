"""How a new version of the site replaces the old one.

docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service-options.html
"""

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.base import Problem, Spec
from settings.types import Cidr, Format, Port

ALARM_NAME = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")
EVERYBODY = "0.0.0.0/0"
CLOUDWATCH_DELAY_MINUTES = 2
"""Minutes until the metrics of a load balancer's last minute have reached an alarm."""
HEALTHY_THRESHOLD = 2
"""Successful health checks in a row after which the load balancer counts a target as healthy."""
CONTAINER_CHECK_SECONDS = 10
"""Seconds between two health checks of a container."""
ROLLING_PERCENT = (100, 200)
"""Minimum healthy percent and maximum percent of web and workers during a rolling deployment."""
STOP_FIRST_PERCENT = (0, 100)
"""The same for the scheduler, which never runs twice: its old task stops before the new one starts."""


class Strategy(StrEnum):
    """Deployment strategies."""

    ROLLING = "rolling"
    """Tasks are replaced in batches. ECS rolls back if tasks do not become healthy, or if an alarm is in ALARM."""
    BLUE_GREEN = "blue-green"
    """All new tasks start, then all traffic shifts at once. ECS rolls back if an alarm is in ALARM."""
    CANARY = "canary"
    """Like blue-green, but a part of the traffic shifts first, and the rest later."""
    LINEAR = "linear"
    """Like blue-green, but the traffic shifts in equal steps."""


def _tenths(value: float) -> float:
    if abs(value * 10 - round(value * 10)) > 1e-9:
        raise ValueError("ECS accepts steps of 0.1")
    return value


# The limits are ECS's own: docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CanaryConfiguration.html,
# API_LinearConfiguration.html and API_DeploymentConfiguration.html beside it.
Minutes = Annotated[int, Field(ge=0, le=1440)]
CanaryPercent = Annotated[float, AfterValidator(_tenths), Field(ge=0.1, le=100)]
StepPercent = Annotated[float, AfterValidator(_tenths), Field(ge=3, le=100)]
AlarmName = Annotated[str, Format(ALARM_NAME, "the name of a CloudWatch alarm, of at most 255 characters")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestListener:
    """The listener at which a new version can be tested before it gets traffic.

    Attributes:
        port: Port of the load balancer.
        cidrs: Address ranges that may use it; none if empty.
    """

    port: int
    cidrs: Sequence[str]


class DeploymentAlarmsSpec(Spec):
    """Alarms that make ECS roll a deployment back automatically."""

    errors_5xx_percent: Annotated[float, Field(gt=0, le=100)] | None = 5.0
    """Percentage of failed responses (5xx, or no connection) of the old or the new tasks; null creates no alarm."""
    errors_5xx_count: Annotated[int, Field(ge=1)] = 5
    """Minimum failed responses in a minute for the percentage to count, so that a single error causes no rollback."""
    minutes: Annotated[int, Field(ge=1, le=30)] = 2
    """Consecutive minutes after which the alarm changes to ALARM."""
    names: tuple[AlarmName, ...] = ()
    """Names of additional alarms of your own. They must already exist; ECS ignores one that is already in ALARM."""

    @property
    def any(self) -> bool:
        """Whether there is an alarm at all."""
        return self.errors_5xx_percent is not None or bool(self.names)

    def mistakes(self) -> Iterator[Problem]:
        if len(set(self.names)) != len(self.names):
            yield Problem(key="names", problem=f"given {', '.join(self.names)}; allowed is each alarm once")


class DeploymentSpec(Spec):
    """How a new version of the site replaces the old one."""

    strategy: Strategy = Field(default=Strategy.ROLLING, strict=False)
    """`rolling`, `blue-green`, `canary` or `linear`."""
    alarms: DeploymentAlarmsSpec | None = DeploymentAlarmsSpec()
    """Alarms for automatic rollback; null, for `rolling` only, uses the health checks alone."""
    bake_time_minutes: Minutes = 5
    """Not for `rolling`: minutes for which the old tasks keep running after all traffic has shifted."""
    canary_percent: CanaryPercent = 5.0
    """`canary` only: percentage of the traffic that shifts first."""
    canary_bake_time_minutes: Minutes = 5
    """`canary` only: minutes until the rest of the traffic shifts."""
    step_percent: StepPercent = 25.0
    """`linear` only: percentage of the traffic that shifts with each step."""
    step_bake_time_minutes: Minutes = 2
    """`linear` only: minutes between two steps."""
    test_port: Port | None = 8443
    """Not for `rolling`: port of the load balancer at which the new version answers before visitors get it; null for
    none. It speaks TLS if the site does."""
    test_cidrs: tuple[Cidr, ...] = ()
    """Who may use `test_port`. Default: nobody."""
    both_groups: bool = False
    """`rolling` only: have the second target group and its rules already, or still. The step between the strategies."""

    @property
    def shifts(self) -> bool:
        """Whether visitors are moved from one group of tasks to another."""
        return self.strategy is not Strategy.ROLLING

    @property
    def has_two_groups(self) -> bool:
        """Whether there is a second target group."""
        return self.shifts or self.both_groups

    @property
    def test_listener(self) -> TestListener | None:
        """The test listener, if there is one."""
        if self.test_port is None or not self.has_two_groups:
            return None
        return TestListener(port=self.test_port, cidrs=self.test_cidrs)

    @property
    def waits_minutes(self) -> int:
        """How long ECS waits within a deployment, beyond what tasks take to start and to stop. The last step of
        `linear`, to 100 percent, is followed by the bake time alone:
        docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinearConfiguration.html"""
        match self.strategy:
            case Strategy.ROLLING:
                return 0
            case Strategy.BLUE_GREEN:
                return self.bake_time_minutes
            case Strategy.CANARY:
                return self.canary_bake_time_minutes + self.bake_time_minutes
            case Strategy.LINEAR:
                steps = math.ceil(round(100 / self.step_percent, 9))
                return (steps - 1) * self.step_bake_time_minutes + self.bake_time_minutes

    def mistakes(self) -> Iterator[Problem]:
        yield from super().mistakes()
        yield from self._of_another_strategy()
        if self.shifts and not (self.alarms and self.alarms.any):
            yield Problem(
                key="alarms",
                problem=f"given none beside strategy {self.strategy}; allowed is at least one, because ECS has no "
                "circuit breaker there",
                involves=("strategy",),
            )
        if EVERYBODY in self.test_cidrs:
            yield Problem(
                key="test_cidrs",
                problem=f"given {EVERYBODY}; allowed are ranges of your own, since the new version is not yet for "
                "visitors",
            )
        if len(set(self.test_cidrs)) != len(self.test_cidrs):
            yield Problem(key="test_cidrs", problem=f"given {', '.join(self.test_cidrs)}; allowed is each range once")

    def warnings(self) -> Iterator[Problem]:
        yield from super().warnings()
        if self.test_listener and not self.test_cidrs:
            yield Problem(
                key="test_cidrs", problem=f"none given: no address can reach test_port {self.test_listener.port}"
            )
        needed = self.alarms.minutes + CLOUDWATCH_DELAY_MINUTES if self.alarms else 0
        if self.shifts and self.bake_time_minutes < needed:
            yield Problem(
                key="bake_time_minutes",
                problem=f"{self.bake_time_minutes} is less than the {needed} that an alarm takes to go off: it may "
                "come when the old tasks are gone",
            )

    def _of_another_strategy(self) -> Iterator[Problem]:
        """Settings that are given and would have no effect."""
        belongs = {
            "bake_time_minutes": (Strategy.BLUE_GREEN, Strategy.CANARY, Strategy.LINEAR),
            "canary_percent": (Strategy.CANARY,),
            "canary_bake_time_minutes": (Strategy.CANARY,),
            "step_percent": (Strategy.LINEAR,),
            "step_bake_time_minutes": (Strategy.LINEAR,),
            "test_port": (Strategy.BLUE_GREEN, Strategy.CANARY, Strategy.LINEAR),
            "test_cidrs": (Strategy.BLUE_GREEN, Strategy.CANARY, Strategy.LINEAR),
            "both_groups": (Strategy.ROLLING,),
        }
        for key, strategies in belongs.items():
            tested = key.startswith("test_") and self.both_groups
            if key in self.model_fields_set and self.strategy not in strategies and not tested:
                given = json.dumps(getattr(self, key))
                yield Problem(
                    key=key,
                    problem=f"given {given} beside strategy {self.strategy}; allowed with {', '.join(strategies)} only",
                    involves=("strategy",),
                )
