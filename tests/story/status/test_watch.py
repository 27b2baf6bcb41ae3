"""`story status --watch`: a page that is refreshed until Ctrl-C."""

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from rich.console import Console

from aws.errors import CredentialsExpiredError
from story.status.client import NotNowError
from story.status.overview import Overview
from story.status.watch import watch
from tests.aws.answers import refusal
from tests.story.doctor.healthy import HEALTHY_SERVICE, LIVE, NOW
from tests.story.live import story


class Terminal:
    """A terminal of twelve lines, on which the page is shown for a while."""

    def __init__(self) -> None:
        self.console = Console(
            file=io.StringIO(), force_terminal=True, width=80, height=12, color_system=None, highlight=False
        )
        self.waited: list[float] = []

    def watch(self, *readings: Any) -> Overview | None:
        """Shows as many pages as there are readings, then Ctrl-C is pressed."""
        left: Iterator[Any] = iter(readings)
        times = iter([NOW + timedelta(seconds=5 * number) for number in range(99)])
        now = next(times)

        def read(at: datetime) -> Overview:
            one = next(left)
            if isinstance(one, BaseException):
                raise one
            return Overview(live=LIVE, at=at, services=one)

        def pause(seconds: float) -> None:
            nonlocal now
            self.waited.append(seconds)
            now = next(times)
            if len(self.waited) == len(readings):
                raise KeyboardInterrupt

        return watch(read, self.console, interval_seconds=5, clock=lambda: now, pause=pause)

    @property
    def printed(self) -> str:
        return self.console.file.getvalue()  # type: ignore[attr-defined]


def test_ctrl_c_ends_it_and_the_last_page_is_left() -> None:
    terminal = Terminal()
    last = terminal.watch([HEALTHY_SERVICE], [HEALTHY_SERVICE], [HEALTHY_SERVICE])
    assert last
    assert last.at == NOW + timedelta(seconds=10)
    assert terminal.waited == [5, 5, 5]
    assert terminal.printed.count("3 of 3 tasks, COMPLETED") >= 3
    assert "03:04:05Z, every 5 s; press Ctrl-C to stop" in terminal.printed
    assert "03:04:15Z, every 5 s; press Ctrl-C to stop" in terminal.printed


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (NotNowError("AWS does not answer describe_services: ThrottlingException"), "ThrottlingException"),
        (EndpointConnectionError(endpoint_url="https://ecs"), "Could not connect"),
        (refusal("ServiceUnavailable", status=503), "ServiceUnavailable"),
    ],
)
def test_a_temporary_error_leaves_the_page_with_a_line_that_says_how_old_it_is(error: Exception, shown: str) -> None:
    terminal = Terminal()
    last = terminal.watch([HEALTHY_SERVICE], error, [HEALTHY_SERVICE])
    assert last
    assert last.at == NOW + timedelta(seconds=10), "the next reading shows the stack again"
    assert "page of 03:04:05Z: " in terminal.printed
    assert shown in terminal.printed


def test_throttling_before_the_first_page_is_waited_out() -> None:
    terminal = Terminal()
    assert terminal.watch(NotNowError("throttled")) is None
    assert "throttled; retrying" in terminal.printed


@pytest.mark.parametrize("error", [CredentialsExpiredError("ExpiredToken"), refusal("AccessDeniedException")])
def test_a_permanent_error_ends_it(error: Exception) -> None:
    with pytest.raises(type(error)):
        Terminal().watch([HEALTHY_SERVICE], error)


def test_ctrl_c_during_a_request_ends_it_too() -> None:
    assert Terminal().watch([HEALTHY_SERVICE], KeyboardInterrupt()) is not None


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("--watch", "--wait"), "cannot be used with --wait or --format json"),
        (("--watch", "--format", "json"), "cannot be used with --wait or --format json"),
        (("--watch", "--interval", "0"), "greater than or equal to 1"),
        (("--watch",), "--watch needs a terminal, and the output is none"),
    ],
)
def test_watching_where_it_makes_no_sense_is_wrong_usage(arguments: tuple[str, ...], shown: str) -> None:
    result = story("status", "--stack", "prod", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert shown in " ".join(result.stderr.split())
