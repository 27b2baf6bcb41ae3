"""What a stack is monitored for: descriptions only, no resources."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from components.alarm import Alarm, CompositeAlarm, Math, Metric
from components.metric_alarm import described, runbook_address
from components.observability.alarms.site import ERROR_PERCENT, answer_alarms, host_alarms
from emulator.services.cloudwatch.expression import value_of
from settings.observability import AlarmThresholdsSpec
from tests.components.observability.monitored_site import WEB, ZONES, alarms, composites
from tests.paths import PROJECT

RUNBOOKS = PROJECT / "docs" / "runbooks"
ALL: list[Alarm | CompositeAlarm] = [*alarms(), *composites()]
TOLD = [alarm for alarm in ALL if alarm.severity]
BY_NAME: Mapping[str, Alarm] = {alarm.name: alarm for alarm in alarms()}


def named(name: str, **thresholds: Any) -> Alarm:
    [found] = [alarm for alarm in alarms(thresholds=thresholds) if alarm.name == name]
    return found


def math_of(alarm: Alarm) -> Math:
    assert isinstance(alarm.metric, Math)
    return alarm.metric


def test_names_never_change_because_an_alarms_history_hangs_on_them() -> None:
    assert [alarm.name for alarm in ALL] == [
        "site-errors-1h",
        "site-errors-5m",
        "site-errors-6h",
        "site-errors-30m",
        "site-latency",
        "web-no-healthy-task",
        "web-no-healthy-task-ap-northeast-1a",
        "web-no-healthy-task-ap-northeast-1c",
        "web-no-healthy-task-ap-northeast-1d",
        "certificate-expiry",
        "scheduler-cpu",
        "scheduler-memory",
        "scheduler-missing-tasks",
        "web-cpu",
        "web-memory",
        "web-missing-tasks",
        "web-php-fpm",
        "worker-default-cpu",
        "worker-default-memory",
        "worker-default-missing-tasks",
        "tasks-restarting",
        "tasks-out-of-memory",
        "events-not-delivered",
        "queue-age",
        "queue-failed-jobs",
        "scheduler-heartbeat",
        "aurora-capacity",
        "aurora-connections",
        "aurora-replica-lag",
        "aurora-backup",
        "valkey-1-memory",
        "valkey-1-evictions",
        "valkey-2-memory",
        "valkey-2-evictions",
        "documentdb-cpu",
        "documentdb-memory",
        "site-errors-fast",
        "site-errors-slow",
    ]


# What people read.


@pytest.mark.parametrize("alarm", ALL, ids=lambda alarm: alarm.name)
def test_each_description_is_one_sentence_that_says_what_it_means_and_where_to_look_first(
    alarm: Alarm | CompositeAlarm,
) -> None:
    assert re.fullmatch(r"[A-Z\w][^:]+: look first [^:]+\.", alarm.description)
    assert not re.search(r"[.!?] [A-Z]", alarm.description), "a second sentence"


@pytest.mark.parametrize("alarm", TOLD, ids=lambda alarm: alarm.name)
def test_a_mail_ends_with_the_address_of_the_page_that_says_what_to_do(alarm: Alarm | CompositeAlarm) -> None:
    longest = "https://" + "r" * 192
    text = described(alarm, longest)
    assert text.endswith(f" Runbook: {longest}/{alarm.runbook}.md")
    assert len(text) <= 1024, "AWS takes no longer one"


def test_a_folder_of_runbooks_may_end_with_a_slash() -> None:
    assert runbook_address("https://wiki.example.com/", "queue-age") == "https://wiki.example.com/queue-age.md"


@pytest.mark.parametrize("alarm", TOLD, ids=lambda alarm: alarm.name)
def test_each_alarm_that_people_hear_of_has_its_page(alarm: Alarm | CompositeAlarm) -> None:
    assert (RUNBOOKS / f"{alarm.runbook}.md").is_file()


def test_who_is_not_told_needs_no_page() -> None:
    assert [alarm.name for alarm in ALL if not alarm.severity] == [
        *("site-errors-1h", "site-errors-5m", "site-errors-6h", "site-errors-30m")
    ]
    assert not [alarm.name for alarm in ALL if not alarm.severity and alarm.runbook]


def test_few_things_cannot_wait_until_morning() -> None:
    assert {alarm.name for alarm in ALL if alarm.severity == "critical"} == {
        "site-errors-fast",
        "web-no-healthy-task",
        "scheduler-heartbeat",
    }


# What CloudWatch takes.


@pytest.mark.parametrize("alarm", BY_NAME.values(), ids=lambda alarm: alarm.name)
def test_each_alarm_is_one_that_cloudwatch_takes(alarm: Alarm) -> None:
    """docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    assert 1 <= alarm.datapoints_to_alarm <= alarm.evaluation_periods
    assert alarm.period_seconds % 60 == 0
    looked_back = alarm.period_seconds * alarm.evaluation_periods
    assert looked_back <= (86_400 if alarm.period_seconds < 3600 else 7 * 86_400)
    if isinstance(alarm.metric, Math):
        assert len(alarm.metric.metrics) <= 10
        assert all(re.fullmatch(r"[a-z]\w*", id_) for id_ in alarm.metric.metrics)
        value_of(alarm.metric.expression, dict.fromkeys(alarm.metric.metrics, 1.0))


def test_a_metric_of_math_has_the_alarms_place_unless_it_has_its_own() -> None:
    elsewhere = Metric(namespace="AWS/Tower", name="Bells", dimensions={"Tower": "north"})
    math = Math(expression="a + b", metrics={"a": "Late", "b": elsewhere}, label="")
    alarm = replace(BY_NAME["web-cpu"], metric=math, namespace="AWS/Clock", dimensions={"Clock": "1"})
    assert alarm.metrics() == {
        "a": Metric(namespace="AWS/Clock", name="Late", dimensions={"Clock": "1"}),
        "b": elsewhere,
    }


# Silence.


@pytest.mark.parametrize(
    ("treated", "expected"),
    [
        (
            "breaching",
            {name for name in BY_NAME if "no-healthy-task" in name} | {"scheduler-heartbeat"},
        ),
        (
            "notBreaching",
            {
                *(name for name in BY_NAME if name.startswith("site-")),
                *("tasks-restarting", "tasks-out-of-memory", "web-php-fpm", "queue-failed-jobs", "aurora-backup"),
                "events-not-delivered",
            },
        ),
    ],
)
def test_silence_is_bad_only_where_a_healthy_site_is_never_silent(treated: str, expected: set[str]) -> None:
    assert {alarm.name for alarm in BY_NAME.values() if alarm.treat_missing_data == treated} == expected


# The aim for availability.


@pytest.mark.parametrize(
    ("aim", "fast", "slow"), [(99.9, 1.44, 0.6), (99.5, 7.2, 3), (95, 72, 30), (99.99, 0.144, 0.06)]
)
def test_errors_count_by_how_fast_they_use_up_what_the_aim_leaves(aim: float, fast: float, slow: float) -> None:
    thresholds = {
        f"site-errors-{window}": named(f"site-errors-{window}", availability_percent=aim).threshold
        for window in ("1h", "5m", "6h", "30m")
    }
    assert thresholds == {
        "site-errors-1h": fast,
        "site-errors-5m": fast,
        "site-errors-6h": slow,
        "site-errors-30m": slow,
    }
    assert fast < 100, "it could never go off"


def test_the_windows_are_as_long_as_their_names_say_and_looked_at_as_one() -> None:
    found = [(alarm.name, alarm.period_seconds, alarm.evaluation_periods) for alarm in list(BY_NAME.values())[:4]]
    assert found == [
        ("site-errors-1h", 3600, 1),
        ("site-errors-5m", 300, 1),
        ("site-errors-6h", 21_600, 1),
        ("site-errors-30m", 1800, 1),
    ]


def test_a_long_window_goes_with_a_short_one_of_the_same_speed() -> None:
    assert {composite.name: list(composite.all_of) for composite in composites()} == {
        "site-errors-fast": ["site-errors-1h", "site-errors-5m"],
        "site-errors-slow": ["site-errors-6h", "site-errors-30m"],
    }


def test_a_composite_says_its_aim_and_what_is_used_up() -> None:
    fast, slow = (alarm.description for alarm in composites(thresholds={"availability_percent": 99.5}))
    assert "99.5 % availability" in fast
    assert "in 1h 2 %" in fast
    assert "in 6h 5 %" in slow


@pytest.mark.parametrize(
    ("task_errors", "balancer_errors", "requests", "percent"),
    [
        pytest.param(None, None, 200, 0, id="all well: CloudWatch has no zeros, only gaps"),
        pytest.param(5, None, 200, 2.5, id="the application fails"),
        pytest.param(None, 50, None, 100, id="no task is left: nothing was sent to one, so RequestCount is silent"),
        pytest.param(None, 50, 0, 100, id="no task is left, and RequestCount says so"),
        pytest.param(None, None, None, None, id="nobody came"),
    ],
)
def test_the_error_rate_is_right_also_where_cloudwatch_reports_nothing(
    task_errors: float | None, balancer_errors: float | None, requests: float | None, percent: float | None
) -> None:
    given = {"taskErrors": task_errors, "balancerErrors": balancer_errors, "requests": requests}
    assert value_of(ERROR_PERCENT, given) == percent
    assert dict(math_of(BY_NAME["site-errors-5m"]).metrics) == {
        "taskErrors": "HTTPCode_Target_5XX_Count",
        "balancerErrors": "HTTPCode_ELB_5XX_Count",
        "requests": "RequestCount",
    }


def test_the_long_window_asks_for_some_errors_and_the_short_one_for_their_share_alone() -> None:
    given = {"taskErrors": 4.0, "balancerErrors": None, "requests": 8.0}
    hour, minutes = (named(f"site-errors-{window}", availability_least_errors=5) for window in ("1h", "5m"))
    assert value_of(math_of(hour).expression, given) == 0
    assert value_of(math_of(hour).expression, {**given, "balancerErrors": 1.0}) == pytest.approx(100 * 5 / 9)
    assert value_of(math_of(minutes).expression, given) == 50


def test_the_slowest_twentieth_counts_for_the_answer_time() -> None:
    alarm = named("site-latency", latency_p95_seconds=0.8)
    assert (alarm.metric, alarm.statistic, alarm.threshold) == ("TargetResponseTime", "p95", 0.8)
    assert (alarm.period_seconds, alarm.datapoints_to_alarm, alarm.evaluation_periods) == (60, 3, 5)
    assert "0.8 s" in alarm.description


def test_the_site_is_watched_through_its_load_balancer() -> None:
    for alarm in answer_alarms("app/ingress/1", AlarmThresholdsSpec()):
        assert {metric.namespace for metric in alarm.metrics().values()} == {"AWS/ApplicationELB"}
        assert [dict(metric.dimensions) for metric in alarm.metrics().values()] == [
            {"LoadBalancer": "app/ingress/1"} for _ in alarm.metrics()
        ]


# Healthy tasks.


def test_each_zone_is_watched_where_each_has_a_task() -> None:
    found = {alarm.name: dict(alarm.dimensions) for alarm in host_alarms("lb", WEB, ZONES, AlarmThresholdsSpec())}
    everywhere = {"LoadBalancer": "lb", "TargetGroup": "targetgroup/web/1"}
    assert found == {
        "web-no-healthy-task": everywhere,
        **{f"web-no-healthy-task-{zone}": {"AvailabilityZone": zone, **everywhere} for zone in ZONES},
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"fewest_tasks": 2}, ["web-no-healthy-task"], id="two tasks cannot be in three zones"),
        pytest.param({"fewest_tasks": 0}, [], id="a schedule may take all of them"),
        pytest.param({"target_groups": {}}, [], id="nobody visits it"),
    ],
)
def test_what_may_be_missing_is_not_missed(changes: dict[str, Any], expected: list[str]) -> None:
    found = host_alarms("lb", replace(WEB, **changes), ZONES, AlarmThresholdsSpec())
    assert [alarm.name for alarm in found] == expected


def test_a_zone_may_be_empty_for_longer_than_the_site() -> None:
    site_, zone = named("web-no-healthy-task"), named(f"web-no-healthy-task-{ZONES[0]}")
    assert (site_.evaluation_periods, zone.evaluation_periods) == (3, 15), "ECS spreads tasks anew by itself"
    assert named("web-no-healthy-task", no_healthy_task_minutes=7).datapoints_to_alarm == 7
