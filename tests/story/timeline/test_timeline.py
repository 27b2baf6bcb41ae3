"""The time line of a release: what is counted, from which setting, and what makes it slow."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.checking import check
from settings.deployment import CONTAINER_CHECK_SECONDS, HEALTHY_THRESHOLD, ROLLING_PERCENT, STOP_FIRST_PERCENT
from settings.stack import Settings
from story.timeline.command import release_of
from story.timeline.parts import waves
from story.timeline.report import duration
from story.timeline.slow import SlowSetting, slow_settings
from story.timeline.timeline import Timeline, timeline
from tests.paths import PROJECT
from tests.program.given import containers, program

COMMITTED = ["dev", "prod"]


def settings(**keys: Any) -> Settings:
    checked = check(Settings, keys)
    assert not checked.mistakes
    return checked.spec


def line(**keys: Any) -> Timeline:
    return timeline(settings(**keys))


def web(**keys: Any) -> dict[str, int]:
    """What web waits for at least, by the setting that gives it; the program's own constants as `own`."""
    [step] = [step for step in line(web=keys).steps if step.name == "web"]
    return {", ".join(part.settings) or "own": part.at_least_seconds for part in step.parts}


def slow(**keys: Any) -> dict[str, SlowSetting]:
    given = settings(**keys)
    return {each.key: each for each in slow_settings(given, timeline(given))}


def steps(found: Timeline) -> dict[str, tuple[int, int]]:
    """When each step begins and ends at the earliest."""
    return {name: (found.begins[name], found.ends[name]) for name in found.ends}


INTERVAL = "web.health_check_interval_seconds"
DELAY = "web.deregistration_delay_seconds"
STOP = "web.stop_timeout_seconds"
ALARMS = "web.deployment.alarms.minutes"
BAKE = "web.deployment.bake_time_minutes"


# By hand. Worker: 40 s until a task without a check counts as healthy. Web: 2 checks, 10 s apart; 30 s of draining.
def test_a_release_with_the_defaults_takes_a_minute_and_a_half_at_least() -> None:
    assert steps(line()) == {
        "users": (0, 0),
        "migration": (0, 0),
        "worker-default": (0, 40),
        "scheduler": (0, 0),
        "web": (40, 90),
    }


def test_at_most_it_takes_what_its_timeouts_add_up_to() -> None:
    assert line().at_most_seconds == 600 + 1800 + 900 + 900
    longer = line(scheduler={"rollout_timeout_seconds": 1000}, migration={"timeout_seconds": 60})
    assert longer.at_most_seconds == 600 + 60 + 1000 + 900


def test_rolling_waits_for_checks_and_draining_and_maybe_for_the_alarms() -> None:
    assert web() == {INTERVAL: 2 * 10, DELAY: 30, STOP: 0, ALARMS: 0}
    assert web(health_check_interval_seconds=30, deregistration_delay_seconds=300) == {
        INTERVAL: 60,
        DELAY: 300,
        STOP: 0,
        ALARMS: 0,
    }
    assert ALARMS not in web(deployment={"alarms": None})


def test_nginx_waits_for_the_first_check_of_php_fpm_and_both_may_use_their_stop_timeout() -> None:
    assert web(nginx={}) == {"own": 10, **web()}
    parts = {part.what: part for step in line(web={"nginx": {}}).steps for part in step.parts}
    assert parts["the old tasks end, nginx before php-fpm"].at_most_seconds == 2 * 30


def test_blue_green_waits_for_its_bake_time_before_the_old_tasks_are_drained() -> None:
    found = web(deployment={"strategy": "blue-green"})
    assert list(found.items()) == [(INTERVAL, 20), (BAKE, 5 * 60), (DELAY, 30), (STOP, 0)]


def test_a_canary_bakes_twice() -> None:
    found = web(deployment={"strategy": "canary", "canary_bake_time_minutes": 3, "bake_time_minutes": 7})
    assert found == {INTERVAL: 20, "web.deployment.canary_bake_time_minutes": 180, BAKE: 420, DELAY: 30, STOP: 0}


@pytest.mark.parametrize(("percent", "waits"), [(25, 3), (30, 3), (50, 1), (100, 0), (3, 33), (33.4, 2), (12.5, 7)])
def test_linear_waits_between_its_steps_and_not_after_the_last(percent: float, waits: int) -> None:
    found = web(deployment={"strategy": "linear", "step_percent": percent, "step_bake_time_minutes": 4})
    both = "web.deployment.step_percent, web.deployment.step_bake_time_minutes"
    assert found == {INTERVAL: 20, both: waits * 4 * 60, BAKE: 300, DELAY: 30, STOP: 0}


@pytest.mark.parametrize("strategy", ["rolling", "blue-green", "canary", "linear"])
def test_the_waits_of_a_strategy_are_those_that_the_settings_reckon_with(strategy: str) -> None:
    given = settings(web={"deployment": {"strategy": strategy}})
    without = sum(part for part in web().values())
    assert timeline(given).ends["web"] - 40 - without == 60 * given.web.deployment.waits_minutes


def test_a_worker_ends_its_job_within_the_job_s_timeout_or_the_stop_timeout() -> None:
    workers = {
        "short": {"timeout_seconds": 20},
        "cut": {"timeout_seconds": 80, "stop_timeout_seconds": 50},
        "horizon": {"command": ["php", "artisan", "horizon"]},
    }
    found = {step.name: step.parts[-1] for step in line(workers=workers).steps}
    assert found["worker-short"].at_most_seconds == 20
    assert found["worker-cut"].at_most_seconds == 50
    assert found["worker-horizon"].at_most_seconds == 120
    assert list(found["worker-horizon"].settings) == ["workers.horizon.stop_timeout_seconds"]


def test_the_scheduler_takes_between_nothing_and_its_stop_timeout() -> None:
    [step] = [step for step in line(scheduler={"stop_timeout_seconds": 45}).steps if step.name == "scheduler"]
    assert [(part.at_least_seconds, part.at_most_seconds) for part in step.parts] == [(0, 45)]


def test_web_waits_for_the_slowest_of_workers_and_scheduler_and_without_them_for_the_migration() -> None:
    assert line().steps[-1].after == ["worker-default", "scheduler"]
    alone = line(workers={}, scheduler={"enabled": False})
    assert alone.steps[-1].after == ["migration"]
    assert alone.at_least_seconds == 50
    assert (line().task_starts, alone.task_starts) == (3, 2)


def test_what_is_switched_off_takes_no_time() -> None:
    off = {"enabled": False}
    found = line(web=off, scheduler=off, workers={"default": off}, aurora=off, documentdb=off)
    assert steps(found) == {"migration": (0, 0)}
    assert line(aurora=off).steps[0].name == "users"


def test_a_service_without_tasks_has_nothing_to_wait_for_but_its_bake_times() -> None:
    none = {"tasks": 0}
    assert line(web=none, workers={"default": none}).at_least_seconds == 0
    assert line(web={**none, "deployment": {"strategy": "blue-green"}}, workers={}).at_least_seconds == 300
    schedule = {"cron": "0 22 ? * * *", "min_tasks": 0, "max_tasks": 2}
    at_night = line(web={"autoscaling": {"schedules": {"night": schedule}}}, workers={})
    assert at_night.at_least_seconds == 0


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "expected"),
    [(0, 100, 200, 0), (1, 100, 200, 1), (7, 100, 200, 1), (1, 0, 100, 1), (4, 50, 100, 2), (10, 100, 125, 5)],
)
def test_waves_follow_from_what_may_run_and_what_must(desired: int, minimum: int, maximum: int, expected: int) -> None:
    assert waves(desired, minimum, maximum) == expected


def test_percentages_that_replace_nothing_are_an_error_and_not_a_time_without_end() -> None:
    with pytest.raises(ValueError, match="do not allow a new task"):
        waves(1, 100, 150)


def test_the_resources_have_the_constants_that_the_time_line_computes_with() -> None:
    made = program(web={"nginx": {}})
    assert (HEALTHY_THRESHOLD, CONTAINER_CHECK_SECONDS) == (2, 10)
    assert (ROLLING_PERCENT, STOP_FIRST_PERCENT) == ((100, 200), (0, 100))
    assert made.one("TargetGroup", "web").inputs["healthCheck"]["healthyThreshold"] == HEALTHY_THRESHOLD
    assert containers(made, "web")["app"]["healthCheck"]["interval"] == CONTAINER_CHECK_SECONDS
    percent = {
        service.name: (service.inputs["deploymentMinimumHealthyPercent"], service.inputs["deploymentMaximumPercent"])
        for service in made.all("Service")
    }
    assert percent == {"web": ROLLING_PERCENT, "worker-default": ROLLING_PERCENT, "scheduler": STOP_FIRST_PERCENT}
    assert "healthCheck" not in containers(made, "worker-default")["app"]


SECONDS = st.integers(5, 300)
GIVEN = st.fixed_dictionaries(
    {
        "strategy": st.sampled_from(["rolling", "blue-green", "canary", "linear"]),
        "interval": SECONDS,
        "delay": st.integers(0, 3600),
        "stop": st.integers(1, 120),
        "tasks": st.integers(0, 50),
        "bake": st.integers(0, 100),
        "step": st.integers(0, 100),
        "percent": st.floats(3, 100).map(lambda value: round(value, 1)),
        "job": st.integers(1, 89),
        "timeout": st.integers(60, 7200),
        "nginx": st.sampled_from([None, {}]),
    }
)


def generated(values: dict[str, Any]) -> Timeline:
    """Only a part of it: rules between settings are not looked at."""
    deployment: dict[str, Any] = {"strategy": values["strategy"], "bake_time_minutes": values["bake"]}
    deployment |= {"canary_bake_time_minutes": values["step"], "step_bake_time_minutes": values["step"]}
    return line(
        web={
            "health_check_interval_seconds": values["interval"],
            "deregistration_delay_seconds": values["delay"],
            "stop_timeout_seconds": values["stop"],
            "tasks": values["tasks"],
            "rollout_timeout_seconds": values["timeout"],
            "nginx": values["nginx"],
            "deployment": {**deployment, "step_percent": values["percent"]},
        },
        workers={"a": {"timeout_seconds": values["job"], "stop_timeout_seconds": values["stop"]}},
    )


@given(GIVEN)
def test_no_time_is_negative_and_no_lower_bound_is_above_its_upper_one(values: dict[str, Any]) -> None:
    found = generated(values)
    assert 0 <= found.at_least_seconds <= found.at_most_seconds
    for step in found.steps:
        assert 0 <= found.begins[step.name] <= found.ends[step.name] <= found.at_least_seconds
        assert step.at_least_seconds <= step.at_most_seconds
        for part in step.parts:
            assert part.at_least_seconds >= 0
            assert part.at_most_seconds is None or part.at_least_seconds <= part.at_most_seconds


@given(GIVEN, st.sampled_from(["interval", "delay", "stop", "tasks", "bake", "step", "timeout"]), st.integers(1, 50))
def test_a_longer_delay_never_makes_a_release_shorter(values: dict[str, Any], key: str, more: int) -> None:
    limits = {"interval": 300, "delay": 3600, "stop": 120, "timeout": 7200}
    longer = {**values, key: min(values[key] + more, limits.get(key, 10_000))}
    before, after = generated(values), generated(longer)
    assert before.at_least_seconds <= after.at_least_seconds
    assert before.at_most_seconds <= after.at_most_seconds


@pytest.mark.parametrize("stack", COMMITTED)
def test_the_committed_stacks_take_a_minute_and_a_half_and_nothing_slows_them(stack: str) -> None:
    release = release_of(PROJECT / f"Pulumi.{stack}.yaml")
    assert release.line
    assert release.line.at_least_seconds == 90
    assert release.slow == []


def test_the_defaults_are_not_slow() -> None:
    assert slow() == {}


def patient(**deployment: Any) -> dict[str, Any]:
    """A deployment of web that has the time for its bake times."""
    return {"web": {"rollout_timeout_seconds": 3000, "deployment": deployment}}


# What is not the default in each: 300 s of draining is AWS's own default.
@pytest.mark.parametrize(
    ("keys", "key", "value", "costs"),
    [
        ({"web": {"deregistration_delay_seconds": 300}}, DELAY, 300, 300),
        ({"ingress": {"idle_timeout_seconds": 10}}, DELAY, 30, 30),
        ({"web": {"health_check_interval_seconds": 30}}, INTERVAL, 30, 60),
        ({"web": {"health_check_grace_seconds": 600}}, "web.health_check_grace_seconds", 600, 600),
        ({"web": {"stop_timeout_seconds": 120}}, STOP, 120, 120),
        ({"web": {"stop_timeout_seconds": 120, "nginx": {}}}, STOP, 120, 240),
        ({"web": {"deployment": {"alarms": {"minutes": 10}}}}, ALARMS, 10, 600),
        (patient(strategy="blue-green", bake_time_minutes=30), BAKE, 30, 1800),
        # An alarm that needs twelve minutes needs a bake time of fourteen.
        (patient(strategy="blue-green", bake_time_minutes=14, alarms={"minutes": 12}), ALARMS, 12, 720),
        (
            patient(strategy="canary", canary_bake_time_minutes=10),
            "web.deployment.canary_bake_time_minutes",
            10,
            600,
        ),
        (patient(strategy="linear", step_percent=10), "web.deployment.step_bake_time_minutes", 2, 9 * 120),
        ({"workers": {"mail": {"timeout_seconds": 10}}}, "workers.mail.stop_timeout_seconds", 120, 110),
        ({"migration": {"timeout_seconds": 7200}}, "migration.timeout_seconds", 7200, 7200),
        ({"web": {"rollout_timeout_seconds": 7200}}, "web.rollout_timeout_seconds", 7200, 7150),
    ],
)
def test_a_setting_that_costs_time_is_named_with_its_value_and_its_price(
    keys: dict[str, Any], key: str, value: int, costs: int
) -> None:
    found = slow(**keys)
    assert list(found) == [key]
    assert (found[key].value, found[key].costs_seconds) == (value, costs)
    assert found[key].advice


@pytest.mark.parametrize(
    "keys",
    [
        {"web": {"deregistration_delay_seconds": 60}},
        {"web": {"deregistration_delay_seconds": 300, "tasks": 0}},
        {"web": {"enabled": False, "deregistration_delay_seconds": 300}},
        {"web": {"health_check_interval_seconds": 29}},
        {"web": {"deployment": {"strategy": "linear"}}},
        {"workers": {"a": {"timeout_seconds": 60}, "b": {"timeout_seconds": 10, "stop_timeout_seconds": 40}}},
        {"workers": {"horizon": {"timeout_seconds": 10, "command": ["php", "artisan", "horizon"]}}},
        {"workers": {"off": {"timeout_seconds": 10, "enabled": False}}},
        {"web": {"deployment": {"bake_time_minutes": 60}}},
    ],
)
def test_a_setting_that_costs_nothing_here_is_not_named(keys: dict[str, Any]) -> None:
    assert slow(**keys) == {}


def test_a_step_that_cannot_end_within_its_timeout_comes_first() -> None:
    given = settings(web={"deregistration_delay_seconds": 900, "rollout_timeout_seconds": 920})
    found = slow_settings(given, timeline(given))
    assert [each.key for each in found] == ["web.rollout_timeout_seconds", DELAY]
    assert "the release fails" in found[0].costs
    assert "at least 920 s" in found[0].advice


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59, "59 s"), (90, "1 min 30 s"), (3600, "1 h"), (3661, "1 h 1 min 1 s")]
)
def test_seconds_read_as_people_say_them(seconds: int, text: str) -> None:
    assert duration(seconds) == text
