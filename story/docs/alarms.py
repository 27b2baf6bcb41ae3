"""The alarms of a stack as a table, and what they cost, read from what the program registers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from story.plan.recorder import Record, Resource

METRIC, COMPOSITE = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/compositeAlarm:CompositeAlarm"
COMPONENT = "observability"
"""Component of the alarms that people hear of; those of a deployment tell ECS alone."""
ALL_ALARMS: Mapping[str, Any] = {
    "network": {"zones": ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]},
    "ingress": {"domain": "www.example.com", "zone_id": "Z0123456789ABCDEFGHIJ"},
    "aurora": {"readers": 1},
    "valkey": {"replicas": 1},
    "documentdb": {"enabled": True},
    "web": {
        "autoscaling": {"min_tasks": 3, "max_tasks": 6},
        "nginx": {"image": "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/nginx@sha256:" + "0" * 64},
    },
    "observability": {"laravel_metrics": True},
}
"""Settings of a stack that has every alarm."""
REGION = "ap-northeast-1"
OPERATORS = {"GreaterThanThreshold": ">", "GreaterThanOrEqualToThreshold": ">=", "LessThanThreshold": "<"}
USD_PER_METRIC, USD_PER_COMPOSITE = Decimal("0.10"), Decimal("0.50")
"""A month, in Tokyo: aws.amazon.com/cloudwatch/pricing"""
PER_SERVICE = r"(cpu|memory|missing-tasks)"
RUNBOOK = re.compile(r"Runbook: \S*?([a-z0-9-]+)\.md")


def alarm_table(made: Record) -> str:
    """The alarms of a stack, one row for those that differ in service, zone or node alone: composite ones first, then
    by name.

    Args:
        made: What the program registers for it.
    """
    composite = sorted(_composite_row(made, one) for one in _alarms(made, COMPOSITE))
    single = sorted(_row(made, one) for one in _alarms(made, METRIC))
    return "\n".join(
        [
            "| alarm | when | topic | page |",
            "| --- | --- | --- | --- |",
            *dict.fromkeys([*composite, *single]),
        ]
    )


def alarm_cost(made: Record) -> str:
    """What the alarms of a stack cost a month, in a sentence.

    Args:
        made: What the program registers for it.
    """
    metrics = sum(len(_metrics(one)) for one in _alarms(made, METRIC))
    several = len(_alarms(made, COMPOSITE))
    usd = USD_PER_METRIC * metrics + USD_PER_COMPOSITE * several
    return (
        f"Prod's stack file: {metrics} metrics at {USD_PER_METRIC} USD and {several} composite alarms at "
        f"{USD_PER_COMPOSITE} USD: {usd} USD a month."
    )


def _alarms(made: Record, type_: str) -> Sequence[Resource]:
    return [one for one in made.all(type_) if one.parent == COMPONENT]


def _row(made: Record, alarm: Resource) -> str:
    inputs, metrics = alarm.inputs, _metrics(alarm)
    first = metrics[0]
    names = ", ".join(sorted({f"`{one['metricName']}`" for one in metrics}))
    statistic = first.get("stat") or first.get("extendedStatistic") or first["statistic"]
    periods = f"{inputs['datapointsToAlarm']} of {inputs['evaluationPeriods']} x {_time(first['period'])}"
    operator = OPERATORS[inputs["comparisonOperator"]]
    when = f"{statistic} of {names} {operator} {inputs['threshold']:g}, {periods}"
    return _cells(made, alarm, str(inputs["name"]), when)


def _composite_row(made: Record, alarm: Resource) -> str:
    parts = re.findall(r'ALARM\("([^"]+)"\)', alarm.inputs["alarmRule"])
    when = " and ".join(f"`{_general(made, part)}`" for part in parts)
    return _cells(made, alarm, str(alarm.inputs["alarmName"]), when)


def _cells(made: Record, alarm: Resource, name: str, when: str) -> str:
    page = _page(alarm)
    link = f"[{page}](runbooks/{page}.md)" if page else ""
    return f"| `{_general(made, name)}` | {when} | {_severity(made, alarm)} | {link} |"


def _metrics(alarm: Resource) -> Sequence[Mapping[str, Any]]:
    """Each metric that an alarm reads, as AWS bills it."""
    queries = cast(Sequence[Mapping[str, Any]], alarm.inputs.get("metricQueries") or ())
    return [query["metric"] for query in queries if "metric" in query] or [alarm.inputs]


def _severity(made: Record, alarm: Resource) -> str:
    topics = cast(Mapping[str, str], made.outputs["alarmTopics"])
    actions = alarm.inputs.get("alarmActions") or ()
    return ", ".join(name for name, arn in topics.items() if arn in actions) or "none"


def _page(alarm: Resource) -> str:
    found = RUNBOOK.search(alarm.inputs["alarmDescription"])
    return found[1] if found else ""


def _general(made: Record, name: str) -> str:
    """An alarm's name without project and stack, and without a certain service, zone or node."""
    short = name.removeprefix(f"{made.outputs['cluster']}-")
    for pattern, instead in _one_of_many(made):
        short = re.sub(pattern, instead, short)
    return short


def _one_of_many(made: Record) -> Iterator[tuple[str, str]]:
    services = "|".join(map(re.escape, made.outputs["services"]))
    yield rf"^({services})-{PER_SERVICE}$", r"<service>-\2"
    yield rf"-{re.escape(made.outputs['region'])}[a-z]$", "-<zone>"
    yield r"^valkey-\d+-", "valkey-<n>-"


def _time(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds // 60} min"
