"""A described alarm as CloudWatch takes it."""

import re
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.alarms import Alarm, Math
from components.base import physical_name

PERCENTILE = re.compile(r"p\d{1,2}(\.\d+)?")


def metric_alarm(
    name: str, alarm: Alarm, *, opts: pulumi.ResourceOptions, topic_arns: Sequence[pulumi.Input[str]] = ()
) -> aws.cloudwatch.MetricAlarm:
    """The alarm `story-<stack>-<its name>`.

    Args:
        name: Logical name.
        alarm: What is watched, and when it goes off.
        opts: Options of the resource.
        topic_arns: Who hears that it goes off, and that all is well again; nobody where only ECS looks at it.
    """
    math = alarm.metric if isinstance(alarm.metric, Math) else None
    percentile = PERCENTILE.fullmatch(alarm.statistic) is not None
    return aws.cloudwatch.MetricAlarm(
        name,
        name=physical_name(alarm.name),
        alarm_description=alarm.description,
        namespace=None if math else alarm.namespace,
        metric_name=None if isinstance(alarm.metric, Math) else alarm.metric,
        dimensions=None if math else alarm.dimensions,
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


def _queries(alarm: Alarm, math: Math) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgs]:
    inputs = [
        aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id=id_,
            metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=alarm.namespace,
                metric_name=metric,
                dimensions=alarm.dimensions,
                period=alarm.period_seconds,
                stat=alarm.statistic,
            ),
        )
        for id_, metric in math.metrics.items()
    ]
    result = aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id="result", expression=math.expression, label=math.label, return_data=True
    )
    return [*inputs, result]
