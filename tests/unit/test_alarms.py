"""What a stack is watched for: descriptions only, no resources."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from components.alarms import (
    Alarm,
    Math,
    aurora_alarms,
    documentdb_alarms,
    load_balancer_alarms,
    service_alarms,
    valkey_alarms,
)
from specs.observability import AlarmThresholdsSpec

LOAD_BALANCER = "app/ingress/0123456789abcdef"
TARGET_GROUP = "targetgroup/web/0123456789abcdef"


def of_load_balancer(**thresholds: Any) -> list[Alarm]:
    return load_balancer_alarms(LOAD_BALANCER, {"web": TARGET_GROUP}, AlarmThresholdsSpec(**thresholds))


def of_service(**thresholds: Any) -> list[Alarm]:
    return service_alarms("story-dev", "web", AlarmThresholdsSpec(**thresholds), container_insights=True)


def of_aurora(*, serverless: bool = True, **thresholds: Any) -> list[Alarm]:
    return aurora_alarms("aurora-1", AlarmThresholdsSpec(**thresholds), serverless=serverless)


def of_valkey(*nodes: str, **thresholds: Any) -> list[Alarm]:
    return valkey_alarms(nodes or ("valkey-001",), AlarmThresholdsSpec(**thresholds))


def of_documentdb(**thresholds: Any) -> list[Alarm]:
    return documentdb_alarms("documentdb-1", AlarmThresholdsSpec(**thresholds))


def every() -> list[Alarm]:
    nodes = ("valkey-001", "valkey-002")
    return [
        *of_load_balancer(),
        *of_service(),
        *of_aurora(),
        *of_aurora(serverless=False)[:1],
        *of_valkey(*nodes),
        *of_documentdb(),
    ]


def named(alarms: Sequence[Alarm], name: str) -> Alarm:
    (found,) = [alarm for alarm in alarms if alarm.name == name]
    return found


def math_of(alarm: Alarm) -> Math:
    assert isinstance(alarm.metric, Math)
    return alarm.metric


def evaluated(math: Math, **values: float | None) -> float | None:
    """What CloudWatch computes of a datapoint; None is missing, and so is the result of a division by zero."""
    scope = {"FILL": lambda value, instead: instead if value is None else value, **values}
    try:
        return eval(math.expression, {"__builtins__": {}}, scope)
    except (TypeError, ZeroDivisionError):
        return None


def test_names_never_change_because_an_alarms_history_hangs_on_them() -> None:
    assert [alarm.name for alarm in every()] == [
        "site-5xx",
        "site-latency",
        "web-unhealthy",
        "web-cpu",
        "web-memory",
        "web-missing-tasks",
        "aurora-capacity",
        "aurora-connections",
        "aurora-cpu",
        "valkey-1-memory",
        "valkey-1-evictions",
        "valkey-2-memory",
        "valkey-2-evictions",
        "documentdb-cpu",
    ]


@pytest.mark.parametrize("alarm", every(), ids=lambda alarm: alarm.name)
def test_each_description_is_one_sentence_that_says_what_it_means_and_where_to_look_first(alarm: Alarm) -> None:
    assert re.fullmatch(r"[A-Z\w][^:]+: look first [^:]+\.", alarm.description)
    assert not re.search(r"[.!?] [A-Z]", alarm.description), "a second sentence"
    assert len(alarm.description) <= 1024, "AWS takes no longer one"


@pytest.mark.parametrize("alarm", every(), ids=lambda alarm: alarm.name)
def test_each_alarm_can_go_off(alarm: Alarm) -> None:
    assert 1 <= alarm.datapoints_to_alarm <= alarm.evaluation_periods
    assert alarm.period_seconds in (60, 300)
    assert alarm.period_seconds * alarm.evaluation_periods <= 86_400, "AWS looks back a day at most"


@pytest.mark.parametrize("alarm", of_load_balancer(), ids=lambda alarm: alarm.name)
def test_a_night_without_visitors_is_no_alarm(alarm: Alarm) -> None:
    assert alarm.treat_missing_data == "notBreaching"


@pytest.mark.parametrize(
    "alarm", [*of_service(), *of_aurora(), *of_valkey(), *of_documentdb()], ids=lambda alarm: alarm.name
)
def test_a_store_or_service_that_reports_nothing_is_neither_well_nor_a_reason_to_wake_anybody(alarm: Alarm) -> None:
    assert alarm.treat_missing_data == "missing"


def test_the_site_is_watched_through_its_load_balancer_and_each_target_group() -> None:
    alarms = of_load_balancer()
    assert {alarm.namespace for alarm in alarms} == {"AWS/ApplicationELB"}
    assert named(alarms, "site-5xx").dimensions == {"LoadBalancer": LOAD_BALANCER}
    assert named(alarms, "site-latency").dimensions == {"LoadBalancer": LOAD_BALANCER}
    assert named(alarms, "web-unhealthy").dimensions == {"LoadBalancer": LOAD_BALANCER, "TargetGroup": TARGET_GROUP}


def test_a_target_group_more_is_an_alarm_more() -> None:
    groups = {"web": TARGET_GROUP, "web-green": "targetgroup/web-green/1"}
    names = [alarm.name for alarm in load_balancer_alarms(LOAD_BALANCER, groups, AlarmThresholdsSpec())]
    assert names == ["site-5xx", "site-latency", "web-unhealthy", "web-green-unhealthy"]


def test_the_error_rate_counts_the_tasks_errors_and_the_load_balancers_own() -> None:
    alarm = named(of_load_balancer(http_5xx_percent=2.5), "site-5xx")
    assert dict(math_of(alarm).metrics) == {
        "taskErrors": "HTTPCode_Target_5XX_Count",
        "balancerErrors": "HTTPCode_ELB_5XX_Count",
        "requests": "RequestCount",
    }
    assert (alarm.statistic, alarm.threshold, alarm.comparison) == ("Sum", 2.5, "GreaterThanThreshold")
    assert "2.5 %" in alarm.description


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
    math = math_of(named(of_load_balancer(), "site-5xx"))
    rate = evaluated(math, taskErrors=task_errors, balancerErrors=balancer_errors, requests=requests)
    assert rate == percent


@pytest.mark.parametrize("name", ["site-5xx", "site-latency", "web-unhealthy"])
def test_one_bad_minute_wakes_nobody_and_three_do_so_within_five(name: str) -> None:
    alarm = named(of_load_balancer(), name)
    assert (alarm.period_seconds, alarm.datapoints_to_alarm, alarm.evaluation_periods) == (60, 3, 5)


def test_the_slowest_twentieth_counts_for_the_answer_time() -> None:
    alarm = named(of_load_balancer(latency_p95_seconds=0.8), "site-latency")
    assert (alarm.metric, alarm.statistic, alarm.threshold) == ("TargetResponseTime", "p95", 0.8)
    assert "0.8 s" in alarm.description


def test_a_single_unhealthy_task_counts() -> None:
    alarm = named(of_load_balancer(), "web-unhealthy")
    assert (alarm.metric, alarm.statistic) == ("UnHealthyHostCount", "Maximum")
    assert (alarm.comparison, alarm.threshold) == ("GreaterThanOrEqualToThreshold", 1)


@pytest.mark.parametrize(
    ("name", "metric", "percent"), [("web-cpu", "CPUUtilization", 70), ("web-memory", "MemoryUtilization", 90)]
)
def test_a_service_is_watched_for_its_own_use_after_autoscaling_had_its_time(
    name: str, metric: str, percent: int
) -> None:
    alarm = named(of_service(cpu_percent=70, memory_percent=90), name)
    assert (alarm.namespace, alarm.metric, alarm.statistic) == ("AWS/ECS", metric, "Average")
    assert dict(alarm.dimensions) == {"ClusterName": "story-dev", "ServiceName": "web"}
    assert (alarm.threshold, alarm.comparison) == (percent, "GreaterThanThreshold")
    assert alarm.period_seconds * alarm.datapoints_to_alarm == 900
    assert f"{percent} %" in alarm.description


@pytest.mark.parametrize(
    ("desired", "running", "missing"),
    [pytest.param(2, 2, 0), pytest.param(2, 1, 1), pytest.param(1, None, 1, id="none runs"), pytest.param(0, None, 0)],
)
def test_a_worker_without_tasks_is_noticed_although_no_visitor_sees_it(
    desired: float, running: float | None, missing: float
) -> None:
    alarm = named(of_service(), "web-missing-tasks")
    assert alarm.namespace == "ECS/ContainerInsights"
    assert dict(math_of(alarm).metrics) == {"desired": "DesiredTaskCount", "running": "RunningTaskCount"}
    assert dict(alarm.dimensions) == {"ClusterName": "story-dev", "ServiceName": "web"}
    assert evaluated(math_of(alarm), desired=desired, running=running) == missing
    assert (alarm.threshold, alarm.comparison) == (1, "GreaterThanOrEqualToThreshold")
    assert alarm.period_seconds * alarm.datapoints_to_alarm == 900, "a deployment of one task may take some minutes"


def test_without_container_insights_nobody_counts_tasks() -> None:
    names = [alarm.name for alarm in service_alarms("story-dev", "web", AlarmThresholdsSpec())]
    assert names == ["web-cpu", "web-memory"]


@pytest.mark.parametrize(
    ("serverless", "name", "metric", "threshold"),
    [(True, "aurora-capacity", "ACUUtilization", 75), (False, "aurora-cpu", "CPUUtilization", 60)],
)
def test_aurora_is_watched_for_what_it_can_run_out_of(serverless: bool, name: str, metric: str, threshold: int) -> None:
    alarms = of_aurora(serverless=serverless, aurora_acu_percent=75, aurora_cpu_percent=60, aurora_connections=300)
    assert [alarm.name for alarm in alarms] == [name, "aurora-connections"]
    assert (alarms[0].metric, alarms[0].threshold) == (metric, threshold)
    assert (alarms[1].metric, alarms[1].threshold) == ("DatabaseConnections", 300)
    assert f"{threshold} %" in alarms[0].description
    assert "300 open connections" in alarms[1].description


@pytest.mark.parametrize(
    ("alarms", "namespace", "cluster"),
    [(of_aurora(), "AWS/RDS", "aurora-1"), (of_documentdb(), "AWS/DocDB", "documentdb-1")],
)
def test_a_cluster_is_judged_by_its_busiest_instance_so_a_new_reader_needs_no_new_alarm(
    alarms: Sequence[Alarm], namespace: str, cluster: str
) -> None:
    for alarm in alarms:
        assert (alarm.namespace, dict(alarm.dimensions)) == (namespace, {"DBClusterIdentifier": cluster})
        assert (alarm.statistic, alarm.comparison) == ("Maximum", "GreaterThanThreshold")


@pytest.mark.parametrize("alarm", [*of_aurora(), *of_valkey()[:1], *of_documentdb()], ids=lambda alarm: alarm.name)
def test_a_store_must_be_busy_for_ten_minutes_on_end(alarm: Alarm) -> None:
    assert (alarm.period_seconds, alarm.datapoints_to_alarm, alarm.evaluation_periods) == (60, 10, 10)


def test_each_node_of_valkey_is_watched() -> None:
    alarms = of_valkey("valkey-001", "valkey-002", valkey_memory_percent=70, valkey_evictions=5)
    assert [alarm.dimensions for alarm in alarms] == [
        {"CacheClusterId": node} for node in ("valkey-001", "valkey-001", "valkey-002", "valkey-002")
    ]
    assert {alarm.namespace for alarm in alarms} == {"AWS/ElastiCache"}
    memory, evictions = named(alarms, "valkey-2-memory"), named(alarms, "valkey-2-evictions")
    assert (memory.metric, memory.threshold, memory.statistic) == ("DatabaseMemoryUsagePercentage", 70, "Maximum")
    assert (evictions.metric, evictions.threshold, evictions.statistic) == ("Evictions", 5, "Sum")


def test_as_many_lost_keys_as_the_threshold_says_are_told_at_once() -> None:
    alarm = named(of_valkey(), "valkey-1-evictions")
    assert (alarm.comparison, alarm.threshold) == ("GreaterThanOrEqualToThreshold", 1)
    assert (alarm.period_seconds, alarm.datapoints_to_alarm, alarm.evaluation_periods) == (300, 1, 1)


def test_documentdb_is_watched_for_its_cpu() -> None:
    (alarm,) = of_documentdb(documentdb_cpu_percent=55)
    assert (alarm.metric, alarm.threshold) == ("CPUUtilization", 55)
    assert "55 %" in alarm.description
