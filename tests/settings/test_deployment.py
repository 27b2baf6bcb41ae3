"""How a new version takes the place of the old one: what is allowed, and how long it takes."""

from typing import Any

import pytest

from settings.base import Spec
from settings.checking import check
from settings.deployment import DeploymentAlarmsSpec, DeploymentSpec, Strategy
from settings.deployment import TestListener as Listener
from settings.services import AutoscalingSpec, SchedulerSpec, WebSpec, WorkerSpec

TESTERS = ("192.0.2.0/24",)


def deployment(**changes: Any) -> DeploymentSpec:
    return DeploymentSpec(**{"strategy": "blue-green", "test_cidrs": TESTERS, **changes})


def said(problems: Any) -> list[str]:
    return [f"{problem.key}: {problem.problem}" for problem in problems]


@pytest.mark.parametrize("strategy", ["blue-green", "canary", "linear"])
def test_a_strategy_alone_is_enough(strategy: str) -> None:
    web = WebSpec(deployment=deployment(strategy=strategy))
    assert said([*web.mistakes(), *web.warnings()]) == []


def test_without_a_word_deployments_are_rolling_and_have_an_alarm() -> None:
    spec = WebSpec().deployment
    assert (spec.strategy, spec.shifts, spec.has_two_groups, spec.test_listener) == (
        Strategy.ROLLING,
        False,
        False,
        None,
    )
    assert spec.alarms
    assert spec.alarms.any


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (
            DeploymentSpec(bake_time_minutes=5),
            "bake_time_minutes: given 5 beside strategy rolling; allowed with blue-green, canary, linear only",
        ),
        (
            deployment(canary_percent=1.0),
            "canary_percent: given 1.0 beside strategy blue-green; allowed with canary only",
        ),
        (
            deployment(strategy="linear", canary_bake_time_minutes=1),
            "canary_bake_time_minutes: given 1 beside strategy linear; allowed with canary only",
        ),
        (
            deployment(strategy="canary", step_percent=10.0),
            "step_percent: given 10.0 beside strategy canary; allowed with linear only",
        ),
        (
            deployment(step_bake_time_minutes=1),
            "step_bake_time_minutes: given 1 beside strategy blue-green; allowed with linear only",
        ),
        (
            DeploymentSpec(test_port=None),
            "test_port: given null beside strategy rolling; allowed with blue-green, canary, linear only",
        ),
        (
            DeploymentSpec(test_cidrs=TESTERS),
            'test_cidrs: given ["192.0.2.0/24"] beside strategy rolling; allowed with blue-green, canary, linear only',
        ),
        (
            deployment(both_groups=True),
            "both_groups: given true beside strategy blue-green; allowed with rolling only",
        ),
        (
            deployment(alarms=None),
            "alarms: given none beside strategy blue-green; allowed is at least one, because ECS has no circuit "
            "breaker there",
        ),
        (
            deployment(alarms=DeploymentAlarmsSpec(errors_5xx_percent=None)),
            "alarms: given none beside strategy blue-green; allowed is at least one, because ECS has no circuit "
            "breaker there",
        ),
        (
            deployment(test_cidrs=("0.0.0.0/0",)),
            "test_cidrs: given 0.0.0.0/0; allowed are ranges of your own, since the new version is not yet for "
            "visitors",
        ),
        (
            deployment(test_cidrs=TESTERS * 2),
            "test_cidrs: given 192.0.2.0/24, 192.0.2.0/24; allowed is each range once",
        ),
        (
            deployment(alarms=DeploymentAlarmsSpec(names=("queue", "queue"))),
            "alarms.names: given queue, queue; allowed is each alarm once",
        ),
        (
            WebSpec(deployment=deployment(bake_time_minutes=15)),
            "rollout_timeout_seconds: given 900; allowed is more than the bake times of deployment, 900 in total, plus "
            "the time that tasks need to start",
        ),
        (
            WebSpec(deployment=deployment(), autoscaling=AutoscalingSpec(requests_per_target=10)),
            "autoscaling.requests_per_target: given 10 with two target groups; AWS allows it only with "
            "deployment.strategy rolling, because it counts the requests of one target group",
        ),
    ],
)
def test_a_mistake_is_one_line(spec: Spec, line: str) -> None:
    assert said(spec.mistakes()) == [line]


@pytest.mark.parametrize(
    "spec",
    [
        DeploymentSpec(alarms=None),
        DeploymentSpec(alarms=DeploymentAlarmsSpec(errors_5xx_percent=None)),
        DeploymentSpec(both_groups=True, test_cidrs=TESTERS, test_port=9443),
        deployment(alarms=DeploymentAlarmsSpec(errors_5xx_percent=None, names=("checkout is slow",))),
        WebSpec(deployment=deployment(bake_time_minutes=14)),
        WebSpec(deployment=deployment(bake_time_minutes=1440), rollout_timeout_seconds=90_000),
    ],
)
def test_what_works_is_allowed(spec: Spec) -> None:
    assert said([*spec.mistakes(), *spec.warnings()]) == []


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (deployment(test_cidrs=()), "test_cidrs: none given: no address can reach test_port 8443"),
        (
            deployment(bake_time_minutes=3),
            "bake_time_minutes: 3 is less than the 4 that an alarm takes to go off: it may come when the old tasks "
            "are gone",
        ),
    ],
)
def test_what_surprises_is_warned_of(spec: Spec, line: str) -> None:
    assert said(spec.warnings()) == [line]


@pytest.mark.parametrize(
    ("changes", "minutes"),
    [
        ({"bake_time_minutes": 7}, 7),
        ({"strategy": "canary", "canary_bake_time_minutes": 10}, 15),
        ({"strategy": "linear", "step_percent": 10.0, "step_bake_time_minutes": 6}, 9 * 6 + 5),
        ({"strategy": "linear", "step_percent": 30.0, "step_bake_time_minutes": 1}, 3 + 5),
        ({"strategy": "linear", "step_percent": 3.2, "step_bake_time_minutes": 1}, 31 + 5),
        ({"strategy": "linear", "step_percent": 100.0, "step_bake_time_minutes": 60}, 5),
    ],
)
def test_waits_add_up_and_the_last_step_has_the_bake_time_alone(changes: dict[str, Any], minutes: int) -> None:
    assert deployment(**changes).waits_minutes == minutes


def test_the_test_door_exists_where_there_are_two_groups() -> None:
    assert deployment().test_listener == Listener(port=8443, cidrs=TESTERS)
    assert deployment(test_port=None, test_cidrs=()).test_listener is None
    assert DeploymentSpec(both_groups=True).test_listener == Listener(port=8443, cidrs=())
    assert WebSpec(enabled=False, deployment=deployment()).test_listener is None


@pytest.mark.parametrize(
    "values",
    [
        {"strategy": "red-black"},
        {"bake_time_minutes": 1441},
        {"canary_percent": 0.05},
        {"canary_percent": 0.15},
        {"step_percent": 2.9},
        {"step_bake_time_minutes": -1},
        {"test_port": 443},
        {"test_cidrs": ["192.0.2.1/24"]},
        {"alarms": {"errors_5xx_percent": 0}},
        {"alarms": {"minutes": 0}},
        {"alarms": {"names": [""]}},
    ],
)
def test_single_values_out_of_ecs_s_range_are_refused(values: dict[str, Any]) -> None:
    assert len(check(DeploymentSpec, values).mistakes) == 1


@pytest.mark.parametrize("value", [0.1, 5, 33.3, 100])
def test_tenths_of_a_percent_are_taken(value: float) -> None:
    assert check(DeploymentSpec, {"strategy": "canary", "canary_percent": value}).mistakes == []


@pytest.mark.parametrize("kind", [WorkerSpec, SchedulerSpec])
def test_what_has_no_visitors_has_no_strategy(kind: type[Spec]) -> None:
    (found,) = check(kind, {"deployment": {"strategy": "blue-green"}}).mistakes
    assert found.problem.startswith("unknown key")
