"""The first data of a metric, before its alarm is made."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from ops import first_data, patience
from ops.contract import Place
from ops.first_data import FirstData, wait_for_first_data
from tests.ops.answers import Told, refusal

METRIC = {
    "Metric": {"Namespace": "AWS/ApplicationELB", "MetricName": "HealthyHostCount", "Dimensions": []},
    "Period": 60,
    "Stat": "Maximum",
}
WANTED = FirstData(
    place=Place(stack="prod", region="ap-northeast-1", profile=None, cluster="story-prod"),
    alarm="web-no-healthy-task",
    metrics=[METRIC],
    least=1,
    window_seconds=180,
)


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(first_data, "time", made)
    return made


def told(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> Told:
    """CloudWatch that gives these answers, and the last one again and again."""
    following: Iterator[Any] = iter(answers)
    last: list[Any] = []

    def answer(**_: Any) -> Any:
        last[:] = [next(following, *last)]
        if isinstance(last[0], Exception):
            raise last[0]
        return last[0]

    found = Told({("cloudwatch", "get_metric_data"): answer})
    monkeypatch.setattr(patience, "_session", lambda _place: found.as_aws)
    return found


def values(*series: list[float]) -> dict[str, Any]:
    return {"MetricDataResults": [{"Id": f"metric{number}", "Values": one} for number, one in enumerate(series)]}


def said(wanted: FirstData = WANTED) -> list[str]:
    lines: list[str] = []
    wait_for_first_data(wanted, output=lines.append)
    return lines


def test_a_good_value_within_the_window_of_the_alarm_ends_the_wait(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    aws = told(monkeypatch, values([]), values([0, 0]), values([0, 1, 0]))
    said()
    assert clock.seconds == 20
    asked = [parameters for _, _, parameters in aws.asked]
    assert len(asked) == 3
    assert (asked[0]["EndTime"] - asked[0]["StartTime"]).total_seconds() == 180
    assert asked[0]["MetricDataQueries"] == [{"Id": "metric0", "MetricStat": METRIC}]


def test_one_of_several_metrics_is_enough(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    told(monkeypatch, values([0, 0], [2]))
    said(replace(WANTED, metrics=[METRIC, METRIC]))
    assert clock.seconds == 0


def test_a_value_below_the_threshold_is_no_good_one(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    told(monkeypatch, values([1]), values([2]))
    said(replace(WANTED, least=2))
    assert clock.seconds == 10


def test_after_five_minutes_the_alarm_is_made_all_the_same(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    told(monkeypatch, values([0]))
    lines = said()
    assert clock.seconds == 300
    assert lines[-1].startswith("alarm web-no-healthy-task:")
    assert lines[-1].endswith("no good value of its metric for 300 s: it is created now and may be in ALARM at first")


@pytest.mark.parametrize(
    "error",
    [refusal("AccessDenied", operation="GetMetricData"), refusal("ExpiredToken", operation="GetMetricData")],
)
def test_an_update_never_fails_because_the_metric_cannot_be_read(
    error: Exception, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    told(monkeypatch, error)
    assert "its metric could not be read" in said()[-1]
    assert clock.seconds == 0


def test_what_passes_by_itself_is_waited_for(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    told(monkeypatch, EndpointConnectionError(endpoint_url="https://monitoring"), values([1]))
    assert "AWS answers again" in said()[-1]
    assert clock.seconds == 10
