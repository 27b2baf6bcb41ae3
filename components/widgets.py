"""Widgets as CloudWatch's dashboards have them.

docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from components.alarm import Alarm, Math

Axis = Literal["left", "right"]

COLUMNS = 24
GRAPH_HEIGHT = 6
PERIOD_SECONDS = 60
MOST_LINES = 50
"""Of a search. A graph can show 500, and a person fewer:
docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html"""
ALARM_COLOUR = "#d62728"

WidgetType = Literal["metric", "text", "alarm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """One thing on a dashboard.

    Attributes:
        type: What it is.
        width: In columns, 1 to 24.
        height: In rows of the grid, 1 to 1000.
        properties: What it shows; made by the functions below.
    """

    type: WidgetType
    width: int
    height: int
    properties: Mapping[str, Any]


Row = Sequence[Widget]


class Drawn(Protocol):
    """What a graph needs to know of the dashboard that it is a part of."""

    @property
    def region(self) -> str:
        """AWS region of the metrics."""
        ...

    @property
    def alarms(self) -> Sequence[Alarm]:
        """Alarms whose thresholds are drawn; their dimensions are plain text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricLine:
    """A line with one metric.

    Attributes:
        namespace, name, dimensions: Which one.
        stat: `Average`, `Maximum`, `Sum` or a percentile such as `p95`.
        label: Its name in the legend.
        axis: The axis that it is measured on.
        id: What expressions of the same graph call it; begins with a small letter.
        visible: False if only expressions use it.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str] = field(default_factory=dict[str, str])
    stat: str
    label: str
    axis: Axis = "left"
    id: str = ""
    visible: bool = True

    def as_item(self) -> list[Any]:
        """As `metrics` lists it: namespace, name, each dimension with its value, and how it is drawn."""
        drawn: dict[str, Any] = {"label": self.label, "stat": self.stat}
        if self.id:
            drawn["id"] = self.id
        if self.axis == "right":
            drawn["yAxis"] = "right"
        if not self.visible:
            drawn["visible"] = False
        named = [part for name in sorted(self.dimensions) for part in (name, self.dimensions[name])]
        return [self.namespace, self.name, *named, drawn]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """One line computed from others of the graph, or many found by a search.

    Attributes:
        expression: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
        label: Its name in the legend; `${PROP('Dim.Queue')}` names each line of a search after its dimension:
            docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html
        axis: The axis that it is measured on.
    """

    expression: str
    label: str
    axis: Axis = "left"

    def as_item(self) -> list[Any]:
        drawn = {"expression": self.expression, "label": self.label}
        return [{**drawn, "yAxis": "right"} if self.axis == "right" else drawn]


Line = MetricLine | Expression


def search(namespace: str, dimensions: Sequence[str], name: str, stat: str, **values: str) -> str:
    """A search for every metric of this name that has exactly these dimensions.

    The namespace is quoted, as it has to be if it holds more than letters and digits:
    docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html

    Args:
        namespace: Where it is.
        dimensions: Names of all its dimensions.
        name: The metric.
        stat: `Average`, `Maximum`, `Sum`.
        values: Values that some of the dimensions must have.
    """
    schema = ",".join([f'"{namespace}"', *dimensions])
    terms = [f'MetricName="{name}"', *(f'{dimension}="{value}"' for dimension, value in values.items())]
    return f"SEARCH('{{{schema}}} {' '.join(terms)}', '{stat}', {PERIOD_SECONDS})"


def header(markdown: str) -> Row:
    """Markdown over a section, without a frame."""
    properties = {"markdown": markdown, "background": "transparent"}
    return [Widget(type="text", width=COLUMNS, height=2, properties=properties)]


def evenly(widgets: Sequence[Widget]) -> Row:
    """The widgets side by side, each as wide as the others."""
    return [replace(widget, width=COLUMNS // len(widgets)) for widget in widgets]


def graph(drawn: Drawn, title: str, lines: Sequence[Line], *, stacked: bool = False, right: str = "") -> Widget:
    """Lines over time, with the thresholds of the alarms that watch one of them.

    Args:
        drawn: Region of the metrics, and the alarms to look through.
        title: What it shows, with its unit.
        lines: What to draw.
        stacked: One on top of the other.
        right: What is measured on the axis on the right; empty if nothing is.
    """
    properties: dict[str, Any] = {
        "metrics": [line.as_item() for line in lines],
        "period": PERIOD_SECONDS,
        "region": drawn.region,
        "stacked": stacked,
        "title": title,
        "view": "timeSeries",
        "yAxis": {"left": {"min": 0, "showUnits": False}, **_right_axis(right)},
    }
    if watching := [alarm for alarm in drawn.alarms if _watches(alarm, lines)]:
        properties["annotations"] = {"horizontal": _thresholds(watching)}
    return Widget(type="metric", width=COLUMNS, height=GRAPH_HEIGHT, properties=properties)


def _right_axis(label: str) -> dict[str, Any]:
    return {"right": {"label": label, "min": 0, "showUnits": False}} if label else {}


def _watches(alarm: Alarm, lines: Sequence[Line]) -> bool:
    """Whether what the alarm compares with its threshold is a line of the graph.

    A sum is another one for each length of the period, which the dashboard adapts to the range that is looked at.
    """
    if isinstance(alarm.metric, Math):
        return any(isinstance(line, Expression) and line.expression == alarm.metric.expression for line in lines)
    if alarm.statistic == "Sum":
        return False
    monitored = (alarm.namespace, alarm.metric, dict(alarm.dimensions))
    return any(
        isinstance(line, MetricLine)
        and line.visible
        and (line.namespace, line.name, dict(line.dimensions)) == monitored
        for line in lines
    )


def _thresholds(alarms: Sequence[Alarm]) -> list[dict[str, Any]]:
    """A line for each value: alarms of zones or of nodes share theirs, and their names would cover each other."""
    by_value: dict[float, list[str]] = {}
    for alarm in alarms:
        by_value.setdefault(alarm.threshold, []).append(alarm.name)
    return [
        {"color": ALARM_COLOUR, "label": _first(names), "value": value} for value, names in sorted(by_value.items())
    ]


def _first(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
