"""The first data of a metric, before its alarm is made."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from release.contract import StackLocation
from release.first_data import FirstData, wait_for_first_data
from tests.aws.answers import Told, refusal
from tests.aws.clock import Clock

METRIC = {
    "Metric": {"Namespace": "AWS/ApplicationELB", "MetricName": "HealthyHostCount", "Dimensions": []},
    "Period": 60,
    "Stat": "Maximum",
}
WANTED = FirstData(
    location=StackLocation(project="story", stack="prod", region="ap-northeast-1", profile=None, cluster="story-prod"),
    alarm="web-no-healthy-task",
    metrics=[METRIC],
    least=1,
    window_seconds=180,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def told(*answers: Any) -> Told:
    """CloudWatch that gives these answers, and the last one again and again."""
    following: Iterator[Any] = iter(answers)
    last: list[Any] = []

    def answer(**_: Any) -> Any:
        last[:] = [next(following, *last)]
        if isinstance(last[0], Exception):
            raise last[0]
        return last[0]

    return Told({("cloudwatch", "get_metric_data"): answer})


def values(*series: list[float]) -> dict[str, Any]:
    return {"MetricDataResults": [{"Id": f"metric{number}", "Values": one} for number, one in enumerate(series)]}


def said(aws: Told, clock: Clock, wanted: FirstData = WANTED) -> list[str]:
    lines: list[str] = []
    wait_for_first_data(wanted, output=lines.append, connect=aws.connect, clock=clock)
    return lines


def test_a_good_value_within_the_window_of_the_alarm_ends_the_wait(clock: Clock) -> None:
    aws = told(values([]), values([0, 0]), values([0, 1, 0]))
    said(aws, clock)
    assert clock.passed == 20
    asked = [parameters for _, _, parameters in aws.asked]
    assert len(asked) == 3
    assert (asked[0]["EndTime"] - asked[0]["StartTime"]).total_seconds() == 180
    assert asked[0]["MetricDataQueries"] == [{"Id": "metric0", "MetricStat": METRIC}]


def test_one_of_several_metrics_is_enough(clock: Clock) -> None:
    aws = told(values([0, 0], [2]))
    said(aws, clock, replace(WANTED, metrics=[METRIC, METRIC]))
    assert clock.passed == 0


def test_a_value_below_the_threshold_is_no_good_one(clock: Clock) -> None:
    aws = told(values([1]), values([2]))
    said(aws, clock, replace(WANTED, least=2))
    assert clock.passed == 10


def test_after_five_minutes_the_alarm_is_made_all_the_same(clock: Clock) -> None:
    aws = told(values([0]))
    lines = said(aws, clock)
    assert clock.passed == 300
    assert lines[-1].startswith("alarm web-no-healthy-task:")
    assert lines[-1].endswith("no good value of its metric for 300 s: it is created now and may be in ALARM at first")


@pytest.mark.parametrize(
    "error",
    [refusal("AccessDenied", operation="GetMetricData"), refusal("ExpiredToken", operation="GetMetricData")],
)
def test_an_update_never_fails_because_the_metric_cannot_be_read(error: Exception, clock: Clock) -> None:
    aws = told(error)
    assert "its metric could not be read" in said(aws, clock)[-1]
    assert clock.passed == 0


def test_what_passes_by_itself_is_waited_for(clock: Clock) -> None:
    aws = told(EndpointConnectionError(endpoint_url="https://monitoring"), values([1]))
    assert "AWS answers again" in said(aws, clock)[-1]
    assert clock.passed == 10
