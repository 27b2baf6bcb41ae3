"""The body of a dashboard, from plain known values."""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from components.alarm import Alarm
from components.observability.alarms.site import ERROR_PERCENT
from components.observability.dashboard.body import body
from components.observability.dashboard.scene import Scene
from tests.components.observability.dashboard_scenes import (
    BALANCER,
    EVERY_KIND,
    NO_STORES,
    WEB_GROUP,
    ZONES,
    scene,
    service,
)
from tests.components.observability.dashboard_schema import BODY

MOST_METRICS_OF_A_DASHBOARD = 2500
"""docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"""
LONGEST_SEARCH = 1024
MOST_SEARCHES_OF_A_GRAPH = 100
"""docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html"""

Drawn = Mapping[str, Any]


def graphs(drawn: Scene) -> dict[str, dict[str, Any]]:
    """The properties of each graph by its title."""
    widgets = [each["properties"] for each in body(drawn)["widgets"] if each["type"] == "metric"]
    by_title = {each["title"]: each for each in widgets}
    assert len(by_title) == len(widgets), "two graphs have the same title"
    return by_title


def texts(drawn: Scene) -> str:
    return "\n".join(each["properties"]["markdown"] for each in body(drawn)["widgets"] if each["type"] == "text")


def expressions(drawn: Scene) -> list[str]:
    return [
        item[0]["expression"]
        for each in graphs(drawn).values()
        for item in each["metrics"]
        if isinstance(item[0], dict)
    ]


def ids_of(expression: str) -> set[str]:
    return set(re.findall(r"\b[a-z]\w*", expression))


def thresholds(each: Drawn) -> dict[str, float]:
    return {level["label"]: level["value"] for level in each.get("annotations", {}).get("horizontal", [])}


def mistakes(document: Any) -> Iterator[str]:
    return (error.message for error in Draft202012Validator(BODY).iter_errors(document))


@pytest.mark.parametrize("drawn", EVERY_KIND.values(), ids=EVERY_KIND)
def test_a_body_is_as_cloudwatch_documents_it(drawn: Scene) -> None:
    document = body(drawn)
    assert list(mistakes(document)) == []
    for each in document["widgets"]:
        for item in each["properties"].get("metrics", []):
            assert [isinstance(part, dict) for part in item] == [*[False] * (len(item) - 1), True]
            assert len(item) % 2 == 1, f"{item} has a dimension without a value"


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (["widgets", 3, "properties", "region"], None),
        (["widgets", 3, "properties", "colour"], "red"),
        (["widgets", 3, "properties", "period"], 90),
        (["widgets", 3, "properties", "view"], "bars"),
        (["widgets", 3, "properties", "metrics", 0, -1, "stat"], "Mean"),
        (["widgets", 3, "x"], 24),
        (["widgets", 3, "width"], 25),
        (["widgets", 1, "properties", "alarms"], []),
        (["widgets", 1, "properties", "alarms", 0], "story-test-site-5xx"),
        (["widgets", 0, "properties", "markdown"], None),
        (["widgets", 0, "type"], "image"),
        (["start"], "six hours ago"),
        (["periodOverride"], "never"),
    ],
)
def test_a_broken_body_is_found_out(path: list[Any], wrong: Any) -> None:
    document = deepcopy(body(scene()))
    target: Any = document
    for step in path[:-1]:
        target = target[step]
    if wrong is None:
        del target[path[-1]]
    else:
        target[path[-1]] = wrong
    assert list(mistakes(document))


@pytest.mark.parametrize("drawn", EVERY_KIND.values(), ids=EVERY_KIND)
def test_expressions_use_the_ids_of_their_own_graph_and_no_id_is_given_twice(drawn: Scene) -> None:
    for title, each in graphs(drawn).items():
        ids = [item[-1]["id"] for item in each["metrics"] if "id" in item[-1]]
        assert len(ids) == len(set(ids)), title
        for item in each["metrics"]:
            if "SEARCH" not in (used := item[-1].get("expression", "")):
                assert ids_of(used) <= set(ids), f"{title}: {used}"
        assert set(ids) <= {id_ for item in each["metrics"] for id_ in ids_of(item[-1].get("expression", ""))}, title


def test_fifty_workers_stay_within_cloudwatchs_limits() -> None:
    drawn = scene(50)
    metrics = [len(each["metrics"]) for each in graphs(drawn).values()]
    searches = [each for each in expressions(drawn) if "SEARCH" in each]
    assert sum(metrics) <= MOST_METRICS_OF_A_DASHBOARD
    assert max(map(len, searches)) <= LONGEST_SEARCH
    assert max(json.dumps(each).count("SEARCH(") for each in graphs(drawn).values()) <= MOST_SEARCHES_OF_A_GRAPH


def test_the_same_stack_makes_the_same_body() -> None:
    assert json.dumps(body(scene()), sort_keys=True) == json.dumps(body(scene()), sort_keys=True)


def test_every_alarm_is_shown_a_hundred_in_each_widget() -> None:
    drawn = scene(50)
    shown = [each["properties"]["alarms"] for each in body(drawn)["widgets"] if each["type"] == "alarm"]
    assert [len(arns) for arns in shown[:-1]] == [100] * (len(shown) - 1)
    assert [arn.rsplit(":", 1)[1] for arns in shown for arn in arns] == [
        f"story-test-{alarm.name}" for alarm in (*drawn.composites, *drawn.alarms)
    ]
    assert {arn.rsplit(":", 1)[0] for arns in shown for arn in arns} == {
        "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm"
    }


def test_a_stack_without_alarms_has_no_widget_for_them() -> None:
    assert [
        each for each in body(replace(scene(), alarms=[], composites=[]))["widgets"] if each["type"] == "alarm"
    ] == []


def test_a_threshold_is_drawn_where_what_it_watches_is_drawn() -> None:
    made = graphs(scene())
    assert thresholds(made["Answer time, in seconds"]) == {"site-latency": 2.0}
    assert thresholds(made["web: CPU, in percent"]) == {"web-cpu": 85}
    assert thresholds(made["scheduler: memory, in percent"]) == {"scheduler-memory": 85}
    assert thresholds(made["Valkey: memory, in percent"]) == {"valkey-1-memory and 1 more": 80}
    assert thresholds(made["Aurora: capacity"]) == {"aurora-capacity": 90}
    assert thresholds(made["Requests"]) == {}


def test_the_threshold_of_a_sum_is_not_drawn_since_the_graphs_period_is_another() -> None:
    summed = {alarm.name for alarm in scene().alarms if alarm.statistic == "Sum" and isinstance(alarm.metric, str)}
    drawn = {label for each in graphs(scene()).values() for label in thresholds(each)}
    assert "valkey-1-evictions" in summed
    assert not summed & drawn


def test_the_threshold_of_what_is_only_counted_with_is_not_drawn() -> None:
    requests = Alarm(
        name="requests",
        description="Many come: look first at the news.",
        namespace="AWS/ApplicationELB",
        metric="HTTPCode_ELB_5XX_Count",
        dimensions={"LoadBalancer": BALANCER},
        statistic="Average",
        threshold=1,
        comparison="GreaterThanThreshold",
        period_seconds=60,
        evaluation_periods=1,
        datapoints_to_alarm=1,
        treat_missing_data="missing",
    )
    assert not any("annotations" in each for each in graphs(replace(scene(), alarms=[requests])).values())


def test_the_error_rate_is_the_one_that_the_alarm_watches() -> None:
    made = graphs(scene())["Errors, in percent of the answers"]
    assert thresholds(made).keys() == {"site-errors-5m", "site-errors-30m"}
    assert ERROR_PERCENT in [item[-1].get("expression") for item in made["metrics"]]


def test_healthy_tasks_are_shown_for_each_target_group_in_each_zone() -> None:
    shown = [item[:-1] for item in graphs(scene())["Healthy tasks by zone"]["metrics"]]
    assert shown == [
        [
            "AWS/ApplicationELB",
            "HealthyHostCount",
            "AvailabilityZone",
            zone,
            "LoadBalancer",
            BALANCER,
            "TargetGroup",
            WEB_GROUP,
        ]
        for zone in ZONES
    ]


def test_a_new_task_appears_by_itself() -> None:
    assert graphs(scene())["web: memory, in percent"]["metrics"][1][0] == {
        "expression": (
            'SORT(REMOVE_EMPTY(SEARCH(\'{"ECS/ContainerInsights",ClusterName,ServiceName,TaskId} '
            'MetricName="TaskMemoryUtilization" ClusterName="story-test" ServiceName="web"\', \'Average\', 60)), '
            "MAX, DESC, 50)"
        ),
        "label": "${PROP('Dim.TaskId')}",
    }


def test_where_single_tasks_are_not_measured_it_says_what_to_set() -> None:
    drawn = scene(task_metrics=False)
    assert not any("TaskId" in each for each in expressions(drawn))
    assert "container_insights: enhanced" in texts(drawn)
    assert "container_insights" not in texts(scene())


def test_without_container_insights_no_task_is_counted() -> None:
    counts = {"web: tasks", "Tasks of the site"}
    assert not counts & graphs(scene(task_metrics=False, task_counts=False)).keys()
    assert counts <= graphs(scene(task_metrics=False)).keys()


def test_queues_are_shown_only_if_the_application_reports_them() -> None:
    assert (
        '{"story/test",Queue} MetricName="QueueDepth"'
        in graphs(scene())["Waiting jobs by queue"]["metrics"][0][0]["expression"]
    )
    silent = scene(laravel_metrics=False)
    assert "Waiting jobs by queue" not in graphs(silent)
    assert "docs/laravel-metrics.md" in texts(silent)


def test_a_store_that_does_not_exist_has_neither_graph_nor_title() -> None:
    drawn = scene(**NO_STORES)
    assert not any(title.startswith(("Aurora", "Valkey", "DocumentDB")) for title in graphs(drawn))
    assert "Data stores" not in texts(drawn)


def test_a_provisioned_aurora_shows_its_cpu_in_place_of_its_capacity() -> None:
    made = graphs(EVERY_KIND["provisioned"])
    assert "Aurora: capacity" not in made
    assert thresholds(made["Aurora: CPU, in percent"]) == {"aurora-cpu": 80}


def test_lag_is_shown_where_there_are_readers() -> None:
    assert "Aurora: lag of readers, in milliseconds" in graphs(scene())
    assert "Aurora: lag of readers, in milliseconds" not in graphs(EVERY_KIND["provisioned"])


def test_a_release_marks_the_graph_of_errors_on_the_right() -> None:
    items = graphs(scene())["Errors, in percent of the answers"]["metrics"]
    assert [item[-1]["expression"] for item in items if item[-1].get("yAxis") == "right"] == [
        "FILL(migration, 0)",
        "FILL(rollout, 0)",
    ]
    hidden = [item[:-1] for item in items if item[0] == "story/test"]
    assert hidden == [["story/test", "MigrationSeconds"], ["story/test", "RolloutSeconds", "Service", "web"]]


def test_no_moment_stands_in_a_body_for_a_preview_would_show_a_change_each_time() -> None:
    assert not any("vertical" in each.get("annotations", {}) for each in graphs(scene()).values())


def test_deployments_and_failed_tasks_are_those_of_the_stacks_own_rules() -> None:
    items = graphs(scene())["Events of deployments, and tasks that failed"]["metrics"]
    assert [item[3] for item in items if item[0] == "AWS/Events"] == [
        "story-test-deployments",
        "story-test-failed-tasks",
        "story-test-out-of-memory",
    ]


@pytest.mark.parametrize(
    ("runbooks", "shown"),
    [
        ("docs/runbooks", "Runbooks: `docs/runbooks`"),
        ("https://wiki.example.com/ops", "Runbooks: [https://wiki.example.com/ops](https://wiki.example.com/ops)"),
    ],
)
def test_the_first_text_says_where_the_runbooks_are(runbooks: str, shown: str) -> None:
    assert shown in texts(replace(scene(), runbooks=runbooks))


def test_php_fpm_is_shown_where_it_runs() -> None:
    assert "php-fpm: all its processes busy" in graphs(scene())
    assert "php-fpm: all its processes busy" not in graphs(EVERY_KIND["no web"])


def test_a_site_without_web_has_no_graph_of_its_tasks() -> None:
    made = graphs(scene(services={"scheduler": service("scheduler")}))
    assert "Healthy tasks by zone" not in made
    assert "scheduler: tasks" in made
