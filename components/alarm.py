"""What an alarm is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi

Comparison = Literal["GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"]
MissingData = Literal["breaching", "missing", "notBreaching"]
Severity = Literal["critical", "warning"]
"""`critical` cannot wait until morning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric, by all that CloudWatch knows it by.

    Attributes:
        namespace: `AWS/Events`.
        name: `TriggeredRules`.
        dimensions: All of its dimensions; with one less it is another metric.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Math:
    """A value computed from several metrics.

    Attributes:
        expression: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
        metrics: Metric by the id that the expression calls it; the name alone for one of the alarm's own namespace and
            dimensions.
        label: What the value is, for the alarm's graph.
    """

    expression: str
    metrics: Mapping[str, str | Metric]
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm.

    Attributes:
        name: Unique in the stack; never changed, or the alarm loses its history.
        description: One sentence for the mail: what it means, and where to look first.
        metric: Name of the metric, or the math over several.
        statistic: `Average`, `Maximum`, `Sum` or a percentile such as `p95`; math takes it of each of its metrics.
        datapoints_to_alarm: How many of the last `evaluation_periods` periods must be over the threshold.
        treat_missing_data: What a period without data counts as; see the top of this package.
        severity: Who hears of it; None if only ECS or a composite alarm looks at it.
        runbook: Page that says what to do, `<runbook>.md`; none if nobody hears of it.
    """

    name: str
    description: str
    namespace: str
    metric: str | Math
    dimensions: Mapping[str, pulumi.Input[str]]
    statistic: str
    threshold: float
    comparison: Comparison
    period_seconds: int
    evaluation_periods: int
    datapoints_to_alarm: int
    treat_missing_data: MissingData
    severity: Severity | None = None
    runbook: str | None = None

    def metrics(self) -> dict[str, Metric]:
        """What it reads, by the id in its expression; a single metric is called `value`."""
        named = self.metric.metrics if isinstance(self.metric, Math) else {"value": self.metric}
        return {
            id_: metric
            if isinstance(metric, Metric)
            else Metric(namespace=self.namespace, name=metric, dimensions=self.dimensions)
            for id_, metric in named.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeAlarm:
    """An alarm that is on while several others are.

    Attributes:
        name: Unique in the stack.
        description: As an alarm's.
        all_of: Names of the alarms.
        severity: Who hears of it.
        runbook: Page that says what to do.
    """

    name: str
    description: str
    all_of: Sequence[str]
    severity: Severity
    runbook: str
