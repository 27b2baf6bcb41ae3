"""Every alarm of a whole site goes off for what is over its threshold, and for nothing else."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from components.alarms import Alarm, Math
from emulator.services.cloudwatch.evaluation import rule_holds
from emulator.services.cloudwatch.expression import value_of
from tests.emulator.support import Client, RunningEmulator
from tests.emulator.watched_site import WEB, alarms, composites, observability, requests, site

ALARMS = {alarm.name: alarm for alarm in alarms()}
CANDIDATES = (0.0, 1.0, 20.0, 1000.0)
"""Values of the metrics of an expression, to find some for which it is over its threshold and some for which not."""


@pytest.fixture(scope="module")
def cloudwatch(clients: Client, started: RunningEmulator) -> Iterator[Any]:
    """One emulator for all alarms: they look at metrics of their own, or the test puts new ones."""
    started.request("POST", "/emulator/reset")
    yield clients("cloudwatch")
    started.request("POST", "/emulator/reset")


@pytest.fixture
def empty(started: RunningEmulator, cloudwatch: Any) -> Any:
    started.request("POST", "/emulator/reset")
    return cloudwatch


def breaches(alarm: Alarm, value: float) -> bool:
    match alarm.comparison:
        case "GreaterThanThreshold":
            return value > alarm.threshold
        case "GreaterThanOrEqualToThreshold":
            return value >= alarm.threshold
        case "LessThanThreshold":
            return value < alarm.threshold


def values(alarm: Alarm, *, breaching: bool) -> dict[str, float]:
    """A value for each metric of the alarm, close to the threshold where there is one metric only."""
    metrics = list(alarm.metrics())
    if not isinstance(alarm.metric, Math):
        near = (alarm.threshold - 0.5, alarm.threshold, alarm.threshold + 0.5)
        [value] = [value for value in near if breaches(alarm, value) is breaching][:1]
        return {metrics[0]: value}
    for candidates in product(CANDIDATES, repeat=len(metrics)):
        given = dict(zip(metrics, candidates, strict=True))
        result = value_of(alarm.metric.expression, given)
        if result is not None and breaches(alarm, result) is breaching:
            return given
    raise AssertionError(f"nothing brings {alarm.name} there: it can never go off, or never be well again")


def put(cloudwatch: Any, alarm: Alarm, given: Mapping[str, float], *, periods: int | None = None) -> None:
    """Data for the last periods of an alarm, those of a metric in the middle of each period."""
    moment = datetime.now(UTC)
    for id_, metric in alarm.metrics().items():
        data = [
            {
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions.items()],
                "Value": given[id_],
                "Timestamp": moment - timedelta(seconds=alarm.period_seconds * (number + 0.5)),
            }
            for number in range(alarm.evaluation_periods if periods is None else periods)
        ]
        cloudwatch.put_metric_data(Namespace=metric.namespace, MetricData=data)


def state(cloudwatch: Any, name: str) -> str:
    found = cloudwatch.describe_alarms(AlarmNames=[f"story-test-{name}"], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    [alarm] = [*found["MetricAlarms"], *found["CompositeAlarms"]]
    return alarm["StateValue"]


def test_what_is_tested_is_what_the_program_makes() -> None:
    assert set(requests()) == set(ALARMS)
    assert len(ALARMS) > 30


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_goes_off_beyond_its_threshold_and_is_well_within_it(name: str, empty: Any) -> None:
    alarm = ALARMS[name]
    empty.put_metric_alarm(**requests()[name])
    put(empty, alarm, values(alarm, breaching=False))
    assert state(empty, name) == "OK"


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_goes_off(name: str, empty: Any) -> None:
    alarm = ALARMS[name]
    empty.put_metric_alarm(**requests()[name])
    put(empty, alarm, values(alarm, breaching=True))
    assert state(empty, name) == "ALARM"
