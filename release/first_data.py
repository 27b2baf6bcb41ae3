"""Waits for the first data of a metric whose silence is an alarm, before the alarm is made."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from aws.client import Connect, connect, items
from aws.errors import CredentialsExpiredError, in_one_line
from aws.retrying import Clock, RetryingClient, retrying_client
from release.contract import StackLocation
from release.step_output import Print, StepOutput, print_line

POLL_SECONDS = 10.0
LONGEST_SECONDS = 300.0
"""Load balancers and log groups report each minute, and CloudWatch shows it some minutes later at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstData:
    """An alarm that counts silence as bad, and the data that it waits for.

    Attributes:
        location: Whose region and profile count.
        alarm: The alarm's name, for people.
        metrics: What it reads, as the `MetricStat` of GetMetricData; one with a good value is enough.
        least: A value is good from this one on.
        window_seconds: So far back the alarm looks.
    """

    location: StackLocation
    alarm: str
    metrics: Sequence[Mapping[str, Any]]
    least: float
    window_seconds: int


def wait_for_first_data(
    wanted: FirstData, *, output: Print = print_line, connect: Connect = connect, clock: Clock = time
) -> None:
    """Wait until a metric has a good value within the time that its alarm looks at, for five minutes at most.

    CloudWatch judges a new alarm at once, by the data that there is. An alarm that is made while its metric is still
    silent, or counts only what was before the first task was healthy, begins with a notification:
    docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html

    It never fails: an alarm that is made too early is better than none.

    Args:
        wanted: What to wait for.
        output: Gets each line.
        connect: Makes the client.
        clock: The time to go by.
    """
    step_output = StepOutput(step=f"alarm {wanted.alarm}", output=output, clock=clock)
    deadline = clock.monotonic() + LONGEST_SECONDS
    try:
        aws = retrying_client(wanted.location, step_output.line, connect=connect, clock=clock)
        while not _has_good_value(aws, wanted):
            if clock.monotonic() >= deadline:
                step_output.line(
                    f"no good value of its metric for {LONGEST_SECONDS:.0f} s: "
                    "it is created now and may be in ALARM at first"
                )
                return
            step_output.heartbeat("waiting for the first good value of its metric")
            clock.sleep(POLL_SECONDS)
    except (BotoCoreError, ClientError) as error:
        step_output.line(
            f"its metric could not be read ({in_one_line(error)}): it is created now and may be in ALARM at first"
        )
    except CredentialsExpiredError as error:
        step_output.line(f"its metric could not be read, the AWS credentials are no longer valid ({error})")


def _has_good_value(aws: RetryingClient, wanted: FirstData) -> bool:
    now = datetime.now(UTC)
    answer = aws.try_call(
        "cloudwatch",
        "get_metric_data",
        MetricDataQueries=[
            {"Id": f"metric{number}", "MetricStat": dict(metric)} for number, metric in enumerate(wanted.metrics)
        ],
        StartTime=now - timedelta(seconds=wanted.window_seconds),
        EndTime=now,
    )
    values = [cast(float, value) for found in items(answer, "MetricDataResults") for value in found.get("Values") or ()]
    return any(value >= wanted.least for value in values)
