"""Every metric that a dashboard or an alarm names exists."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from components.alarm import Alarm
from components.observability.dashboard.body import body
from components.observability.dashboard.scene import Scene
from settings.observability import ObservabilitySpec
from tests.components.observability.aws_metrics import PAGES, Dimensions, documented
from tests.components.observability.dashboard_scenes import EVERY_KIND, alarms_of, monitored_stack, scene

Named = tuple[str, str, Dimensions]
"""Namespace, name, names of the dimensions."""
SEARCH = re.compile(r"SEARCH\('\{(?P<schema>[^}]*)\} (?P<terms>[^']*)', '(?P<stat>\w+)', \d+\)")


def of_body(document: dict[str, Any]) -> Iterator[Named]:
    """What the widgets of a body name, in searches too."""
    for widget in document["widgets"]:
        for item in widget["properties"].get("metrics", []):
            *parts, drawn = item
            if parts:
                yield parts[0], parts[1], frozenset(parts[2::2])
            else:
                yield from of_expression(drawn["expression"])


def of_expression(expression: str) -> Iterator[Named]:
    assert expression.count("SEARCH(") == len(SEARCH.findall(expression)), f"cannot read {expression}"
    for found in SEARCH.finditer(expression):
        namespace, *dimensions = (part.strip('"') for part in found["schema"].split(","))
        terms = dict(re.findall(r'(\w+)="([^"]+)"', found["terms"]))
        name = terms.pop("MetricName")
        assert set(terms) <= set(dimensions), f"{expression} asks for dimensions that it does not list"
        yield namespace, name, frozenset(dimensions)


def of_alarm(alarm: Alarm) -> Iterator[Named]:
    for metric in alarm.metrics().values():
        yield metric.namespace, metric.name, frozenset(metric.dimensions)


def unknown(named: Iterator[Named]) -> list[str]:
    return sorted(
        {f"{space} {name} {sorted(names)}" for space, name, names in named if names not in documented(space, name)}
    )


@pytest.mark.parametrize("drawn", EVERY_KIND.values(), ids=EVERY_KIND)
def test_every_metric_of_a_dashboard_is_documented(drawn: Scene) -> None:
    assert unknown(of_body(body(drawn))) == []


@pytest.mark.parametrize("laravel_metrics", [True, False])
def test_every_metric_of_an_alarm_is_documented(laravel_metrics: bool) -> None:
    alarms = alarms_of(ObservabilitySpec(laravel_metrics=laravel_metrics), monitored_stack())
    assert unknown(named for alarm in alarms for named in of_alarm(alarm)) == []


def test_single_tasks_are_searched_under_the_dimensions_of_awss_table() -> None:
    tasks = {named for named in of_body(body(scene())) if "TaskId" in named[2]}
    assert tasks == {
        ("ECS/ContainerInsights", name, frozenset({"ClusterName", "ServiceName", "TaskId"}))
        for name in ("TaskCpuUtilization", "TaskMemoryUtilization")
    }


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("SEARCH('{AWS/ECS,ClusterName} MetricName=\"CPUUtilization\"', 'Average', 60)", "AWS/ECS CPUUtilization"),
        ("SEARCH('{AWS/ECS,ClusterName,ServiceName} MetricName=\"Cpu\"', 'Average', 60)", "AWS/ECS Cpu"),
    ],
)
def test_a_search_for_what_nobody_publishes_is_found_out(expression: str, said: str) -> None:
    assert unknown(of_expression(expression))[0].startswith(said)


def test_every_page_is_a_page_of_awss_documentation_or_of_ours() -> None:
    assert [page.link for page in PAGES if not page.link.startswith("docs.aws.amazon.com/")] == [
        "docs/laravel-metrics.md"
    ]
