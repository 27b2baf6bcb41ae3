"""Every alarm of a whole site goes off for what is over its threshold, and for nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from components.alarm import Alarm, Math
from emulator.services.cloudwatch import evaluation, install
from emulator.services.cloudwatch.evaluation import rule_holds
from emulator.services.cloudwatch.expression import value_of
from tests.components.observability.monitored_site import (
    WEB,
    alarms,
    composites,
    made,
    observability,
    request,
    requests,
    site,
)
from tests.emulator.conftest import REGION
from tests.emulator.support import Client

ALARMS = {alarm.name: alarm for alarm in alarms()}
CANDIDATES = (0.0, 1.0, 20.0, 1000.0)
"""Values of the metrics of an expression, to find some for which it is over its threshold and some for which not."""


@pytest.fixture(scope="module")
def in_memory() -> Iterator[Any]:
    """The emulated CloudWatch without a server, for a hundred questions in a second."""
    with mock_aws():
        install()
        session: Any = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        yield session.client("cloudwatch", config=Config(retries={"total_max_attempts": 1}))


@pytest.fixture
def cloudwatch(in_memory: Any) -> Any:
    """Without alarms and metrics of another test."""
    cloudwatch_backends[DEFAULT_ACCOUNT_ID][REGION].reset()
    return in_memory


class Clock:
    """When the alarms are looked at."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.moment

    def go_on(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(evaluation, "now", made)
    return made


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


def put(cloudwatch: Any, alarm: Alarm, given: Mapping[str, float], clock: Clock, *, periods: int | None = None) -> None:
    """Data for the last periods of an alarm, in the middle of each."""
    for id_, metric in alarm.metrics().items():
        data = [
            {
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions.items()],
                "Value": given[id_],
                "Timestamp": clock() - timedelta(seconds=alarm.period_seconds * (number + 0.5)),
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
def test_an_alarm_goes_off_beyond_its_threshold_and_is_over_when_that_is(
    name: str, cloudwatch: Any, clock: Clock
) -> None:
    alarm = ALARMS[name]
    cloudwatch.put_metric_alarm(**requests()[name])
    put(cloudwatch, alarm, values(alarm, breaching=False), clock)
    assert state(cloudwatch, name) == "OK", "what is within the threshold is no alarm"
    clock.go_on(alarm.period_seconds * alarm.evaluation_periods)
    put(cloudwatch, alarm, values(alarm, breaching=True), clock)
    assert state(cloudwatch, name) == "ALARM"
    clock.go_on(alarm.period_seconds * alarm.evaluation_periods)
    put(cloudwatch, alarm, values(alarm, breaching=False), clock)
    assert state(cloudwatch, name) == "OK", "nobody would hear that it is over"


SEVERAL = [alarm.name for alarm in ALARMS.values() if alarm.datapoints_to_alarm > 1]


@pytest.mark.parametrize("name", SEVERAL)
def test_one_period_less_than_it_takes_is_no_alarm_yet(name: str, cloudwatch: Any, clock: Clock) -> None:
    alarm = ALARMS[name]
    cloudwatch.put_metric_alarm(**requests()[name])
    # Good ones for all periods, so that no silence counts; then bad ones, but for one of those that it takes.
    put(cloudwatch, alarm, values(alarm, breaching=False), clock)
    clock.go_on(alarm.period_seconds * (alarm.datapoints_to_alarm - 1))
    put(cloudwatch, alarm, values(alarm, breaching=True), clock, periods=alarm.datapoints_to_alarm - 1)
    assert state(cloudwatch, name) == "OK"


SILENCE = {"breaching": "ALARM", "missing": "INSUFFICIENT_DATA", "notBreaching": "OK"}


@pytest.mark.parametrize("name", ALARMS)
def test_silence_is_what_the_alarm_says_it_is(name: str, cloudwatch: Any, clock: Clock) -> None:
    alarm = ALARMS[name]
    cloudwatch.put_metric_alarm(**requests()[name])
    put(cloudwatch, alarm, values(alarm, breaching=False), clock)
    clock.go_on(2 * alarm.period_seconds * alarm.evaluation_periods)
    assert state(cloudwatch, name) == SILENCE[alarm.treat_missing_data]


@pytest.mark.parametrize(("name", "expected"), [("scheduler-heartbeat", "ALARM"), ("queue-age", "OK")])
def test_a_silent_period_among_others_counts_where_silence_is_bad(
    name: str, expected: str, cloudwatch: Any, clock: Clock
) -> None:
    alarm = ALARMS[name]
    cloudwatch.put_metric_alarm(**requests()[name])
    put(cloudwatch, alarm, values(alarm, breaching=True), clock, periods=1)
    assert state(cloudwatch, name) == expected


@pytest.mark.parametrize("composite", composites(), ids=lambda composite: composite.name)
def test_errors_are_told_while_both_windows_have_too_many(composite: Any, cloudwatch: Any, clock: Clock) -> None:
    inputs = made().one("CompositeAlarm", f"observability-{composite.name}").inputs
    cloudwatch.put_composite_alarm(AlarmName=inputs["alarmName"], AlarmRule=inputs["alarmRule"])
    long, short = (ALARMS[name] for name in composite.all_of)
    for alarm in (long, short):
        cloudwatch.put_metric_alarm(**requests()[alarm.name])
    put(cloudwatch, long, {"taskErrors": 20, "balancerErrors": 0, "requests": 100}, clock)
    assert (state(cloudwatch, long.name), state(cloudwatch, composite.name)) == ("ALARM", "OK"), "it was long ago"
    put(cloudwatch, short, {"taskErrors": 20, "balancerErrors": 0, "requests": 100}, clock)
    assert state(cloudwatch, composite.name) == "ALARM"
    clock.go_on(short.period_seconds)
    assert (state(cloudwatch, long.name), state(cloudwatch, composite.name)) == ("ALARM", "OK"), "it is over"


@pytest.mark.parametrize(("errors", "expected"), [(9, "OK"), (10, "ALARM")])
def test_a_few_errors_among_few_visitors_wake_nobody(errors: int, expected: str, cloudwatch: Any, clock: Clock) -> None:
    alarm = ALARMS["site-errors-1h"]
    cloudwatch.put_metric_alarm(**requests()[alarm.name])
    put(cloudwatch, alarm, {"taskErrors": errors, "balancerErrors": 0, "requests": 50}, clock)
    assert state(cloudwatch, alarm.name) == expected


def test_while_two_target_groups_share_the_tasks_either_may_be_empty(cloudwatch: Any, clock: Clock) -> None:
    groups = {"web": "targetgroup/web/1", "web-alternate": "targetgroup/web-alternate/1"}
    both = site(services={"web": replace(WEB, target_groups=groups)})
    [alarm] = [alarm for alarm in alarms(both) if alarm.name == "web-no-healthy-task"]
    registered = observability(both).one("MetricAlarm", "observability-web-no-healthy-task")
    cloudwatch.put_metric_alarm(**request(registered.inputs))
    put(cloudwatch, alarm, {"healthy1": 0, "healthy2": 3}, clock)
    assert state(cloudwatch, alarm.name) == "OK"
    clock.go_on(alarm.period_seconds * alarm.evaluation_periods)
    put(cloudwatch, alarm, {"healthy1": 0, "healthy2": 0}, clock)
    assert state(cloudwatch, alarm.name) == "ALARM"


# The evaluation itself.


def test_the_server_judges_an_alarm_when_it_is_asked_for(client: Client) -> None:
    asked = client("cloudwatch")
    alarm = ALARMS["web-cpu"]
    asked.put_metric_alarm(**requests()[alarm.name])
    assert state(asked, alarm.name) == "OK", "an alarm whose metrics nobody puts keeps its state"
    asked.set_alarm_state(AlarmName="story-test-web-cpu", StateValue="ALARM", StateReason="to try it")
    assert state(asked, alarm.name) == "ALARM"
    put(asked, alarm, {"value": 10}, Clock())
    assert state(asked, alarm.name) == "OK"


def test_another_set_of_dimensions_is_another_metric(cloudwatch: Any, clock: Clock) -> None:
    alarm = ALARMS["web-cpu"]
    cloudwatch.put_metric_alarm(**requests()[alarm.name])
    put(cloudwatch, replace(alarm, dimensions={"ClusterName": "story-test"}), {"value": 100}, clock)
    put(cloudwatch, alarm, {"value": 10}, clock)
    assert state(cloudwatch, alarm.name) == "OK"


def test_a_percentile_is_that_of_all_values_of_a_period(cloudwatch: Any, clock: Clock) -> None:
    alarm = ALARMS["site-latency"]
    cloudwatch.put_metric_alarm(**requests()[alarm.name])
    for seconds, times in ((0.1, 95), (9, 5)):
        for _ in range(times):
            put(cloudwatch, alarm, {"value": seconds}, clock)
    assert state(cloudwatch, alarm.name) == "OK", "one in twenty is slow, no more"
    put(cloudwatch, alarm, {"value": 9}, clock)
    assert state(cloudwatch, alarm.name) == "ALARM"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * a", 7),
        ("(b - a) / 2", None),
        ("a / 0", None),
        ("-a", -3),
        ("FILL(b, 5) + a", 8),
        ("IF(a >= 3, 10, b)", 10),
        ("IF(b > 0, 1, 2)", None),
        ("IF(a < 3, 1 / 0, 2)", 2),
        ("MAX([a, b, 4])", 4),
        ("MIN([a, b])", 3),
        ("SUM([a, a])", 6),
        ("a != 3", 0),
    ],
)
def test_metric_math_is_computed_as_cloudwatch_does(expression: str, value: float | None) -> None:
    assert value_of(expression, {"a": 3, "b": None}) == value


@pytest.mark.parametrize("expression", ["RATE(a)", "c", "a ** 2", "a +", "__import__('os')", "'a'"])
def test_metric_math_that_is_not_known_is_refused_and_not_guessed(expression: str) -> None:
    with pytest.raises(ValueError, match="metric math"):
        value_of(expression, {"a": 3})


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ('ALARM("a") AND ALARM("b")', False),
        ("ALARM(a) OR ALARM(b)", True),
        ("NOT ALARM(b) AND OK(b)", True),
        ("(ALARM(a) AND (OK(b) OR FALSE))", True),
        ("INSUFFICIENT_DATA(unheard-of)", False),
    ],
)
def test_the_rule_of_a_composite_alarm_looks_at_the_others(rule: str, holds: bool) -> None:
    assert rule_holds(rule, {"a": "ALARM", "b": "OK"}) is holds


def test_a_rule_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be read: ALARM"):
        rule_holds("ALARM(a) XOR ALARM(b)", {})
