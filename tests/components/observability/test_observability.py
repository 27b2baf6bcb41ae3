"""Observability and what it is made of, under the recorder."""

from dataclasses import replace

import pulumi
import pytest

from components.alarm import Alarm, Math
from components.metric_alarm import first_data, metric_alarm
from components.observability import check_names
from release.contract import StackLocation
from story.plan.fake_outputs import ACCOUNT, REGION
from story.plan.recorder import Record, Resource, record
from tests.components.observability.monitored_site import WEB, made, observability, service, site

CRITICAL, WARNING = (
    f"arn:aws:sns:{REGION}:{ACCOUNT}:topic/observability-notifications-{severity}"
    for severity in ("critical", "warning")
)
SLOW = Alarm(
    name="slow",
    description="It is slow: look first at the clock.",
    namespace="AWS/Clock",
    metric="Delay",
    dimensions={"Clock": "tower"},
    statistic="Average",
    threshold=2.5,
    comparison="GreaterThanThreshold",
    period_seconds=60,
    evaluation_periods=5,
    datapoints_to_alarm=3,
    treat_missing_data="missing",
)
LATE_SHARE = Math(expression="100 * late / all", metrics={"late": "Late", "all": "All"}, label="Late, in percent")
SLACK = {"workspace_id": "T0123ABCD", "critical_channel_id": "C0123ABCD"}


def made_of(alarm: Alarm) -> Resource:
    return record(lambda: metric_alarm("slow", alarm, opts=pulumi.ResourceOptions())).one("MetricAlarm")


def alarm_of(name: str, recorded: Record | None = None) -> Resource:
    kind = "CompositeAlarm" if name in ("site-errors-fast", "site-errors-slow") else "MetricAlarm"
    return (recorded or made()).one(kind, f"observability-{name}")


def test_no_token_ever_changes() -> None:
    found = {resource.type for resource in made().resources if resource.type.startswith("story:")}
    assert found == {f"story:index:{name}" for name in ("EventLog", "Notifications", "Observability")}, (
        "a changed token replaces the topics, and everybody has to confirm a mail again"
    )


def test_every_resource_belongs_to_the_observability() -> None:
    everything = observability(emails=["team@example.com"], slack=SLACK, monthly_budget_usd=100)
    parents = {
        resource.parent for resource in everything.resources if resource.custom and not resource.name.startswith("of-")
    }
    assert parents == {"observability", "observability-notifications", "observability-events"}


def test_a_preview_shows_everything_that_an_update_makes() -> None:
    preview, update = (
        observability(emails=["team@example.com"], slack=SLACK, monthly_budget_usd=100, preview=preview)
        for preview in (True, False)
    )
    assert {(r.type, r.name) for r in preview.resources} == {(r.type, r.name) for r in update.resources}


def test_two_alarms_of_one_name_are_refused_before_one_overwrites_the_other() -> None:
    with pytest.raises(ValueError, match=r"given twice: the alarm slow; allowed is each name once"):
        check_names([SLOW, replace(SLOW, name="other"), replace(SLOW, threshold=3)])


# Metrics of log lines.


def filters(recorded: Record) -> set[tuple[str, str]]:
    return {
        (one.inputs["logGroupName"], one.inputs["metricTransformation"]["name"])
        for one in recorded.all("LogMetricFilter")
    }


def test_each_line_is_looked_for_where_it_is_written() -> None:
    assert filters(made()) == {
        ("/story/test/web", "PhpFpmSaturated"),
        ("/story/test/worker-default", "FailedJobs"),
        ("/story/test/scheduler", "SchedulerHeartbeat"),
        ("/story/test/scheduler", "QueueDepth"),
        ("/story/test/scheduler", "OldestJobSeconds"),
    }
    assert {one.inputs["metricTransformation"]["namespace"] for one in made().all("LogMetricFilter")} == {"story/test"}


def test_the_age_of_a_queue_is_counted_by_queue_and_for_all() -> None:
    ages = [
        one.inputs["metricTransformation"].get("dimensions")
        for one in made().all("LogMetricFilter")
        if one.inputs["metricTransformation"]["name"] == "OldestJobSeconds"
    ]
    assert ages == [{"Queue": "$.queue"}, None]


def test_what_the_application_does_not_report_is_not_looked_for() -> None:
    assert filters(observability(laravel_metrics=False)) == {("/story/test/web", "PhpFpmSaturated")}
    without = site(services={"web": replace(WEB, runs_php_fpm=False), "worker-mail": service("worker-mail")})
    assert filters(observability(without)) == {("/story/test/worker-mail", "FailedJobs")}


def test_a_log_is_there_before_it_is_read() -> None:
    for one in made().all("LogMetricFilter"):
        assert f"LogGroup of-{one.inputs['logGroupName'].removeprefix('/story/test/')}" in one.depends_on


# Alarms.


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("web-no-healthy-task", CRITICAL),
        ("site-errors-fast", CRITICAL),
        ("site-errors-slow", WARNING),
        ("web-cpu", WARNING),
    ],
)
def test_severity_decides_who_hears_that_it_goes_off_and_that_it_is_over(name: str, topic: str) -> None:
    alarm = alarm_of(name)
    assert alarm.inputs["alarmActions"] == alarm.inputs["okActions"] == [topic]
    severity = "critical" if topic == CRITICAL else "warning"
    assert f"TopicPolicy observability-notifications-{severity}" in alarm.depends_on, (
        "an alarm that may not publish yet goes off unheard"
    )


def test_nobody_hears_of_the_halves_of_a_composite_alarm() -> None:
    inputs = alarm_of("site-errors-1h").inputs
    assert not {"alarmActions", "okActions"} & set(inputs)
    assert "Runbook" not in inputs["alarmDescription"]


def test_a_composite_alarm_is_on_while_both_of_its_windows_are() -> None:
    inputs = alarm_of("site-errors-fast").inputs
    assert inputs["alarmName"] == "story-test-site-errors-fast"
    assert inputs["alarmRule"] == 'ALARM("story-test-site-errors-1h") AND ALARM("story-test-site-errors-5m")'


def test_a_mail_says_where_the_runbook_is() -> None:
    recorded = observability(runbooks_url="https://wiki.example.com/runbooks")
    for name, page in (("web-cpu", "service-cpu"), ("site-errors-slow", "site-errors")):
        description = alarm_of(name, recorded).inputs["alarmDescription"]
        assert description.endswith(f" Runbook: https://wiki.example.com/runbooks/{page}.md")


def test_silence_means_nothing_before_the_services_run() -> None:
    after = {"LogGroup of-scheduler", "LogGroup of-web", "LogGroup of-worker-default"}
    for alarm in made().all("MetricAlarm"):
        waits = after <= set(alarm.depends_on)
        assert waits is (alarm.inputs["treatMissingData"] == "breaching"), alarm.name
        hooks = {"before_create": (alarm.name,)} if waits else {}
        assert alarm.hooks == hooks, "CloudWatch judges a new alarm at once, by what was before the first task was well"


def test_what_goes_off_above_its_threshold_cannot_count_silence_as_bad() -> None:
    location = StackLocation(project="story", stack="test", region=REGION, profile=None, cluster="story-test")
    with pytest.raises(ValueError, match="slow: counts silence as bad with GreaterThanThreshold; allowed is LessThan"):
        first_data(SLOW, location)


def test_an_alarm_of_one_metric_is_handed_to_aws_as_described() -> None:
    assert dict(made_of(SLOW).inputs) == {
        "name": "story-test-slow",
        "alarmDescription": "It is slow: look first at the clock.",
        "namespace": "AWS/Clock",
        "metricName": "Delay",
        "dimensions": {"Clock": "tower"},
        "statistic": "Average",
        "threshold": 2.5,
        "comparisonOperator": "GreaterThanThreshold",
        "period": 60,
        "evaluationPeriods": 5,
        "datapointsToAlarm": 3,
        "treatMissingData": "missing",
    }


@pytest.mark.parametrize("percentile", ["p95", "p99.9"])
def test_a_percentile_is_an_extended_statistic_and_no_plain_one(percentile: str) -> None:
    inputs = made_of(replace(SLOW, statistic=percentile)).inputs
    assert (inputs["extendedStatistic"], inputs.get("statistic")) == (percentile, None)


def test_math_takes_each_metric_with_the_dimensions_and_returns_only_the_result() -> None:
    inputs = made_of(replace(SLOW, metric=LATE_SHARE, statistic="Sum")).inputs
    queries = {query["id"]: query for query in inputs["metricQueries"]}
    common = {"namespace": "AWS/Clock", "dimensions": {"Clock": "tower"}, "period": 60, "stat": "Sum"}
    assert queries["late"] == {"id": "late", "metric": {"metricName": "Late", **common}}
    assert queries["all"] == {"id": "all", "metric": {"metricName": "All", **common}}
    assert queries["result"] == {
        "id": "result",
        "expression": "100 * late / all",
        "label": "Late, in percent",
        "returnData": True,
    }


def test_beside_math_no_single_metric_is_named() -> None:
    inputs = made_of(replace(SLOW, metric=LATE_SHARE)).inputs
    single = {"namespace", "metricName", "dimensions", "period", "statistic", "extendedStatistic"}
    assert not single & set(inputs), "CloudWatch refuses an alarm that has both"


# Money.


def test_a_month_that_costs_too_much_is_told_when_it_does_and_when_it_looks_like_it() -> None:
    [budget] = observability(monthly_budget_usd=1500).all("Budget")
    assert (budget.inputs["limitAmount"], budget.inputs["limitUnit"], budget.inputs["timeUnit"]) == (
        *("1500", "USD", "MONTHLY"),
    )
    assert [
        (notice["notificationType"], notice["threshold"], notice["thresholdType"], notice["subscriberSnsTopicArns"])
        for notice in budget.inputs["notifications"]
    ] == [(kind, 100, "PERCENTAGE", [WARNING]) for kind in ("ACTUAL", "FORECASTED")]


def test_a_budget_counts_what_has_both_tags_of_the_stack() -> None:
    [budget] = observability(monthly_budget_usd=1500).all("Budget")
    assert [part["tags"] for part in budget.inputs["filterExpression"]["ands"]] == [
        {"key": "Project", "values": ["story"], "matchOptions": ["EQUALS"]},
        {"key": "Environment", "values": ["test"], "matchOptions": ["EQUALS"]},
    ]


def test_without_a_limit_nobody_counts() -> None:
    assert made().all("Budget") == []
