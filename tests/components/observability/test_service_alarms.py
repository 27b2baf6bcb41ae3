"""What services, queues and stores are monitored for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from components.alarm import Alarm, Math
from components.data_stores.aurora.monitoring import aurora_alarms
from components.observability.alarms.services import service_alarms
from emulator.services.cloudwatch.expression import value_of
from settings.observability import AlarmThresholdsSpec
from settings.stores import AuroraSpec
from tests.components.observability.monitored_site import WEB, alarms, service, site, stores

BY_NAME: Mapping[str, Alarm] = {alarm.name: alarm for alarm in alarms()}


def named(name: str, **thresholds: Any) -> Alarm:
    [found] = [alarm for alarm in alarms(thresholds=thresholds) if alarm.name == name]
    return found


def names(**changes: Any) -> set[str]:
    return {alarm.name for alarm in alarms(site(**changes))}


def math_of(alarm: Alarm) -> Math:
    assert isinstance(alarm.metric, Math)
    return alarm.metric


@pytest.mark.parametrize(
    ("name", "metric", "percent"), [("web-cpu", "CPUUtilization", 70), ("web-memory", "MemoryUtilization", 90)]
)
def test_a_service_is_watched_for_its_own_use_after_autoscaling_had_its_time(
    name: str, metric: str, percent: int
) -> None:
    alarm = named(name, cpu_percent=70, memory_percent=90)
    assert (alarm.namespace, alarm.metric, alarm.statistic) == ("AWS/ECS", metric, "Average")
    assert dict(alarm.dimensions) == {"ClusterName": "story-test", "ServiceName": "web"}
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
    alarm = BY_NAME["worker-default-missing-tasks"]
    assert alarm.namespace == "ECS/ContainerInsights"
    assert value_of(math_of(alarm).expression, {"desired": desired, "running": running}) == missing
    assert (alarm.threshold, alarm.comparison) == (1, "GreaterThanOrEqualToThreshold")
    assert alarm.period_seconds * alarm.datapoints_to_alarm == 900, "a deployment of one task may take some minutes"


def test_without_container_insights_nobody_counts_tasks() -> None:
    found = [alarm.name for alarm in service_alarms("story-test", "web", AlarmThresholdsSpec())]
    assert found == ["web-cpu", "web-memory"]
    assert not [name for name in names(task_counts=False) if name.endswith("-missing-tasks")]


def test_tasks_that_end_are_counted_by_the_rule_that_meets_them() -> None:
    restarting, memory = BY_NAME["tasks-restarting"], BY_NAME["tasks-out-of-memory"]
    assert (restarting.namespace, restarting.metric) == ("AWS/Events", "TriggeredRules")
    assert restarting.dimensions == {"RuleName": "story-test-failed-tasks"}
    assert memory.dimensions == {"RuleName": "story-test-out-of-memory"}
    assert (restarting.threshold, restarting.period_seconds) == (3, 900), "one task that ends is replaced, no more"
    assert (memory.threshold, memory.period_seconds) == (1, 300)
    assert named("tasks-restarting", failed_tasks=9).threshold == 9


def test_php_fpm_is_watched_where_it_runs() -> None:
    alarm = named("web-php-fpm", php_fpm_saturations=4)
    assert (alarm.namespace, alarm.metric, alarm.dimensions) == ("story/test", "PhpFpmSaturated", {})
    assert alarm.threshold == 4
    without = {"web": replace(WEB, runs_php_fpm=False)}
    assert "web-php-fpm" not in names(services=without)


# Laravel.


def test_queues_are_watched_where_the_application_reports_them() -> None:
    laravel = {"queue-age", "queue-failed-jobs", "scheduler-heartbeat"}
    assert laravel <= set(BY_NAME)
    assert not laravel & {alarm.name for alarm in alarms(laravel_metrics=False)}


def test_without_a_scheduler_nobody_reports_queues() -> None:
    only_workers = {"worker-default": service("worker-default")}
    assert names(services=only_workers) & {"queue-age", "queue-failed-jobs", "scheduler-heartbeat"} == {
        "queue-failed-jobs"
    }


def test_the_oldest_job_of_all_queues_counts() -> None:
    alarm = named("queue-age", queue_oldest_seconds=120)
    assert (alarm.namespace, alarm.metric, alarm.dimensions) == ("story/test", "OldestJobSeconds", {})
    assert (alarm.statistic, alarm.threshold) == ("Maximum", 120)
    assert "120 s" in alarm.description


def test_the_scheduler_may_be_silent_for_as_long_as_a_release_takes() -> None:
    alarm = named("scheduler-heartbeat", heartbeat_minutes=5)
    assert (alarm.statistic, alarm.comparison, alarm.threshold) == ("Sum", "LessThanThreshold", 1)
    assert (alarm.period_seconds, alarm.datapoints_to_alarm, alarm.evaluation_periods) == (60, 5, 5)


# Stores.


@pytest.mark.parametrize(
    ("serverless", "name", "metric", "threshold"),
    [(True, "aurora-capacity", "ACUUtilization", 75), (False, "aurora-cpu", "CPUUtilization", 60)],
)
def test_aurora_is_watched_for_what_it_can_run_out_of(serverless: bool, name: str, metric: str, threshold: int) -> None:
    thresholds = AlarmThresholdsSpec(aurora_acu_percent=75, aurora_cpu_percent=60, aurora_connections=300)
    found = aurora_alarms("aurora-1", thresholds, serverless=serverless)
    assert [alarm.name for alarm in found] == [name, "aurora-connections"]
    assert (found[0].metric, found[0].threshold) == (metric, threshold)
    assert (found[1].metric, found[1].threshold) == ("DatabaseConnections", 300)


def test_a_lag_is_watched_where_there_are_readers() -> None:
    alarm = named("aurora-replica-lag", aurora_replica_lag_ms=250)
    assert (alarm.metric, alarm.threshold) == ("AuroraReplicaLagMaximum", 250)
    assert "aurora-replica-lag" not in names(stores=stores(AuroraSpec(readers=0)))


@pytest.mark.parametrize(
    ("alive", "snapshots", "value"),
    [
        pytest.param(100, 1, 1, id="a snapshot a day"),
        pytest.param(100, None, 0, id="none"),
        pytest.param(None, None, None, id="a cluster that was not there yet"),
    ],
)
def test_a_backup_is_missed_only_of_a_cluster_that_was_there(
    alive: float | None, snapshots: float | None, value: float | None
) -> None:
    alarm = BY_NAME["aurora-backup"]
    assert value_of(math_of(alarm).expression, {"alive": alive, "snapshots": snapshots}) == value
    assert (alarm.period_seconds, alarm.datapoints_to_alarm) == (86_400, 2)
    assert alarm.dimensions == {"RuleName": "story-test-aurora-backups"}


@pytest.mark.parametrize(
    ("name", "namespace", "cluster"),
    [
        ("aurora-capacity", "AWS/RDS", "aurora-1"),
        ("aurora-connections", "AWS/RDS", "aurora-1"),
        ("aurora-replica-lag", "AWS/RDS", "aurora-1"),
        ("documentdb-cpu", "AWS/DocDB", "documentdb-1"),
    ],
)
def test_a_cluster_is_judged_by_its_busiest_instance_for_ten_minutes_on_end(
    name: str, namespace: str, cluster: str
) -> None:
    alarm = BY_NAME[name]
    assert (alarm.namespace, dict(alarm.dimensions)) == (namespace, {"DBClusterIdentifier": cluster})
    assert (alarm.statistic, alarm.comparison) == ("Maximum", "GreaterThanThreshold")
    assert (alarm.period_seconds, alarm.datapoints_to_alarm, alarm.evaluation_periods) == (60, 10, 10)


def test_each_node_of_valkey_is_watched() -> None:
    found = [
        alarm
        for alarm in alarms(thresholds={"valkey_memory_percent": 70, "valkey_evictions": 5})
        if alarm.name.startswith("valkey-")
    ]
    assert [alarm.dimensions["CacheClusterId"] for alarm in found] == [
        *("valkey-001", "valkey-001", "valkey-002", "valkey-002")
    ]
    assert {(alarm.metric, alarm.threshold, alarm.statistic) for alarm in found} == {
        ("DatabaseMemoryUsagePercentage", 70, "Maximum"),
        ("Evictions", 5, "Sum"),
    }


def test_documentdb_is_watched_for_its_cpu_and_for_requests_that_wait_for_memory() -> None:
    cpu, memory = named("documentdb-cpu", documentdb_cpu_percent=55), named("documentdb-memory", documentdb_throttled=7)
    assert (cpu.metric, cpu.threshold) == ("CPUUtilization", 55)
    assert (memory.metric, memory.statistic, memory.threshold) == ("LowMemNumOperationsThrottled", "Sum", 7)


def test_a_certificate_is_watched_where_there_is_one() -> None:
    alarm = named("certificate-expiry", certificate_days=20)
    assert (alarm.metric, alarm.statistic, alarm.comparison) == ("DaysToExpiry", "Minimum", "LessThanThreshold")
    assert alarm.threshold == 20
    assert "certificate-expiry" not in names(certificate_arn=None)


@pytest.mark.parametrize("store", ["aurora", "valkey", "documentdb"])
def test_a_store_that_is_off_has_no_alarm(store: str) -> None:
    assert not [name for name in names(stores=stores(without=store)) if name.startswith(store)]
