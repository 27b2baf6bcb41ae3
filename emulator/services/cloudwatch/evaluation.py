"""Alarms judge the metrics that were put.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html

The periods are counted back from the moment of the question. Services put no metrics here, so an alarm keeps the state
that it has (OK, or what SetAlarmState said) until somebody has put one of its metrics. Of missing data, only those of
the alarm's own periods are looked at: AWS looks further back for as many as it needs.
"""

import ast
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend

from emulator.services.cloudwatch.expression import Value, value_of
from emulator.serving.patching import kept, now

State = str
COMPARISONS = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
PART = re.compile(
    r"\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\(\"?(?P<name>[^\")]+)\"?\)|(?P<word>AND|OR|NOT|[()]|TRUE|FALSE))"
)
Key = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A metric with its statistic.

    Attributes:
        key: Namespace, name and dimensions.
    """

    key: Key
    statistic: str
    period_seconds: int


def evaluate(backend: CloudWatchBackend) -> None:
    """Gives every alarm the state that the metrics and the other alarms give it."""
    # moto's times are those of UTC, and do not say so.
    moment, data = now().replace(tzinfo=None), _data(backend)
    judged: dict[str, bool] = kept(backend, "judged")
    alarms = list(backend.alarms.values())
    for alarm in alarms:
        if alarm.rule is None and (state := _state(alarm, data, moment)):
            judged[alarm.name] = True
            _move(alarm, state)
    states = {alarm.name: str(alarm.state_value) for alarm in alarms}
    for alarm in alarms:
        # One of whose alarms nobody has put a metric keeps the state that it was given.
        if alarm.rule and any(match["name"] in judged for match in PART.finditer(alarm.rule) if match["name"]):
            _move(alarm, "ALARM" if rule_holds(alarm.rule, states) else "OK")


def rule_holds(rule: str, states: Mapping[str, State]) -> bool:
    """Whether the rule of a composite alarm holds: `ALARM("a") AND (ALARM("b") OR NOT OK("c"))`.

    Args:
        rule: The rule.
        states: State of each alarm by its name.

    Raises:
        ValueError: It cannot be read.
    """
    words, end = list[str](), 0
    for match in PART.finditer(rule):
        if match.start() != end:
            break
        end = match.end()
        if match["name"]:
            words.append(str(states.get(match["name"]) == match["state"]))
        else:
            words.append(match["word"].capitalize() if match["word"] in ("TRUE", "FALSE") else match["word"].lower())
    if rule[end:].strip():
        raise ValueError(f"the rule of a composite alarm cannot be read: {rule}")
    return _holds(ast.parse(" ".join(words), mode="eval").body)


def _holds(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=bool() as known):
            return known
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _holds(operand)
        case ast.BoolOp(op=ast.And(), values=values):
            return all(map(_holds, values))
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(map(_holds, values))
        case _:
            raise ValueError(f"unknown in the rule of a composite alarm: {ast.unparse(node)}")


def _state(alarm: Any, data: Mapping[Key, list[Any]], moment: datetime) -> State | None:
    series = _series(alarm)
    if not any(one.key in data for one in series.values()):
        return None
    period = timedelta(seconds=next(iter(series.values())).period_seconds)
    count = int(alarm.evaluation_periods)
    ends = [moment - period * number for number in range(count)]
    breaches = [_breach(alarm, _datapoint(alarm, series, data, end - period, end)) for end in ends]
    return _judged(breaches, int(alarm.datapoints_to_alarm or count), alarm.treat_missing_data or "missing")


def _judged(breaches: Sequence[bool | None], needed: int, missing: str) -> State | None:
    if all(breach is None for breach in breaches):
        return {"breaching": "ALARM", "notBreaching": "OK", "missing": "INSUFFICIENT_DATA"}.get(missing)
    counted = [missing == "breaching" if breach is None else breach for breach in breaches]
    return "ALARM" if sum(counted) >= needed else "OK"


def _breach(alarm: Any, value: Value) -> bool | None:
    return None if value is None else bool(COMPARISONS[alarm.comparison_operator](value, float(alarm.threshold)))


def _datapoint(
    alarm: Any, series: Mapping[str, Series], data: Mapping[Key, list[Any]], start: datetime, end: datetime
) -> Value:
    values = {
        id_: _statistic(one.statistic, [datum for datum in data.get(one.key, []) if start < datum.timestamp <= end])
        for id_, one in series.items()
    }
    expression = _expression(alarm)
    return value_of(expression, values) if expression else next(iter(values.values()))


def _expression(alarm: Any) -> str | None:
    asked = [query for query in alarm.metric_data_queries if query.expression and _returns(query.return_data)]
    return asked[0].expression if asked else None


def _returns(said: Any) -> bool:
    return said is None or str(said).lower() == "true"


def _series(alarm: Any) -> dict[str, Series]:
    if not alarm.metric_data_queries:
        statistic = alarm.extended_statistic or alarm.statistic
        key = _key(alarm.namespace, alarm.metric_name, alarm.dimensions)
        return {"value": Series(key=key, statistic=statistic, period_seconds=int(alarm.period))}
    asked = {query.id: query.metric_stat for query in alarm.metric_data_queries if query.metric_stat}
    return {
        id_: Series(
            key=_key(stat.metric.namespace, stat.metric.metric_name, stat.metric.dimensions),
            statistic=stat.stat,
            period_seconds=int(stat.period),
        )
        for id_, stat in asked.items()
    }


def _data(backend: CloudWatchBackend) -> dict[Key, list[Any]]:
    found: dict[Key, list[Any]] = {}
    for datum in backend.metric_data:
        found.setdefault(_key(datum.namespace, datum.name, datum.dimensions), []).append(datum)
    return found


def _key(namespace: str, name: str, dimensions: Iterable[Any]) -> Key:
    """Another set of dimensions is another metric:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Dimension"""
    return namespace, name, tuple(sorted((str(one.name), str(one.value)) for one in dimensions))


def _statistic(statistic: str, data: Sequence[Any]) -> Value:
    if not data:
        return None
    single = [datum.value for datum in data if hasattr(datum, "value")]
    sets = [datum for datum in data if not hasattr(datum, "value")]
    total = sum(single) + sum(one.sum for one in sets)
    count = len(single) + sum(one.sample_count for one in sets)
    match statistic:
        case "Sum":
            return total
        case "SampleCount":
            return count
        case "Average":
            return total / count if count else None
        case "Maximum":
            return max([*single, *(one.max for one in sets)])
        case "Minimum":
            return min([*single, *(one.min for one in sets)])
        case _ if re.fullmatch(r"p\d+(\.\d+)?", statistic):
            ordered = sorted(single)
            return ordered[max(0, math.ceil(float(statistic[1:]) / 100 * len(ordered)) - 1)] if ordered else None
        case _:
            raise ValueError(f"unknown statistic: {statistic}")


def _move(alarm: Any, state: State) -> None:
    if alarm.state_value != state:
        alarm.update_state("Threshold Crossed" if state == "ALARM" else "Threshold not crossed", "{}", state)
