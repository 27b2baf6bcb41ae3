"""Described alarms as CloudWatch takes them."""

import re
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.alarm import Alarm, CompositeAlarm, Math
from components.base import physical_name
from release.contract import StackLocation
from release.first_data import FirstData

PERCENTILE = re.compile(r"p\d{1,2}(\.\d+)?")


def metric_alarm(
    name: str,
    alarm: Alarm,
    *,
    opts: pulumi.ResourceOptions,
    topic_arns: Sequence[pulumi.Input[str]] = (),
    runbooks_url: str = "",
) -> aws.cloudwatch.MetricAlarm:
    """The alarm `story-<stack>-<its name>`.

    Args:
        name: Logical name.
        alarm: What is watched, and when it goes off.
        opts: Options of the resource.
        topic_arns: Who hears that it goes off, and that all is well again; nobody where only ECS or a composite
            alarm looks at it.
        runbooks_url: What stands before `/<page>.md` in the address of its runbook.
    """
    math = alarm.metric if isinstance(alarm.metric, Math) else None
    percentile = PERCENTILE.fullmatch(alarm.statistic) is not None
    return aws.cloudwatch.MetricAlarm(
        name,
        name=physical_name(alarm.name),
        alarm_description=described(alarm, runbooks_url),
        namespace=None if math else alarm.namespace,
        metric_name=None if isinstance(alarm.metric, Math) else alarm.metric,
        dimensions=None if math else dict(alarm.dimensions) or None,
        period=None if math else alarm.period_seconds,
        statistic=None if math or percentile else alarm.statistic,
        extended_statistic=alarm.statistic if percentile and not math else None,
        metric_queries=_queries(alarm, math) if math else None,
        threshold=alarm.threshold,
        comparison_operator=alarm.comparison,
        evaluation_periods=alarm.evaluation_periods,
        datapoints_to_alarm=alarm.datapoints_to_alarm,
        treat_missing_data=alarm.treat_missing_data,
        alarm_actions=list(topic_arns) or None,
        ok_actions=list(topic_arns) or None,
        opts=opts,
    )


def composite_alarm(
    name: str,
    alarm: CompositeAlarm,
    parts: Sequence[aws.cloudwatch.MetricAlarm],
    *,
    opts: pulumi.ResourceOptions,
    topic_arns: Sequence[pulumi.Input[str]],
    runbooks_url: str,
) -> aws.cloudwatch.CompositeAlarm:
    """The alarm `story-<stack>-<its name>`, on while all its parts are.

    docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html

    Args:
        name: Logical name.
        alarm: What it means.
        parts: The alarms that it looks at.
        opts: Options of the resource.
        topic_arns: Who hears of it.
        runbooks_url: What stands before `/<page>.md` in the address of its runbook.
    """
    rule = pulumi.Output.all(*(part.name for part in parts)).apply(
        lambda names: " AND ".join(f'ALARM("{part}")' for part in names)
    )
    return aws.cloudwatch.CompositeAlarm(
        name,
        alarm_name=physical_name(alarm.name),
        alarm_description=described(alarm, runbooks_url),
        alarm_rule=rule,
        alarm_actions=list(topic_arns),
        ok_actions=list(topic_arns),
        opts=opts,
    )


def first_data(alarm: Alarm, location: StackLocation) -> pulumi.Output[FirstData]:
    """What to wait for before an alarm is made that counts silence as bad.

    Args:
        alarm: The alarm; it goes off below its threshold.
        location: Whose region and profile count.

    Raises:
        ValueError: It goes off above its threshold, so the first data would not be the good one.
    """
    if alarm.comparison != "LessThanThreshold":
        raise ValueError(f"{alarm.name}: counts silence as bad with {alarm.comparison}; allowed is LessThanThreshold")
    metrics = [
        {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions.items()],
            },
            "Period": alarm.period_seconds,
            "Stat": alarm.statistic,
        }
        for metric in alarm.metrics().values()
    ]
    return pulumi.Output.from_input(metrics).apply(
        lambda known: FirstData(
            location=location,
            alarm=alarm.name,
            metrics=known,
            least=alarm.threshold,
            window_seconds=alarm.period_seconds * alarm.evaluation_periods,
        )
    )


def runbook_address(runbooks_url: str, page: str) -> str:
    """Where a page of the runbooks is."""
    return f"{runbooks_url.rstrip('/')}/{page}.md"


def described(alarm: Alarm | CompositeAlarm, runbooks_url: str) -> str:
    """What a mail says of an alarm: the sentence and its runbook. CloudWatch takes 1,024 characters."""
    if not alarm.runbook:
        return alarm.description
    return f"{alarm.description} Runbook: {runbook_address(runbooks_url, alarm.runbook)}"


def _queries(alarm: Alarm, math: Math) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgs]:
    inputs = [
        aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id=id_,
            metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=metric.namespace,
                metric_name=metric.name,
                dimensions=metric.dimensions,
                period=alarm.period_seconds,
                stat=alarm.statistic,
            ),
        )
        for id_, metric in alarm.metrics().items()
    ]
    result = aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id="result", expression=math.expression, label=math.label, return_data=True
    )
    return [*inputs, result]
