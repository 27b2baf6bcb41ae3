"""`story status --watch`: a page that is drawn again until Ctrl-C."""

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
    """A terminal of twelve lines, on which the page is watched for a while."""

    def __init__(self) -> None:
        self.console = Console(
            file=io.StringIO(), force_terminal=True, width=80, height=12, color_system=None, highlight=False
        )
        self.waited: list[float] = []

    def watch(self, *looks: Any) -> Overview | None:
        """Draws as many pages as there are looks, then Ctrl-C comes."""
        left: Iterator[Any] = iter(looks)
        times = iter([NOW + timedelta(seconds=5 * number) for number in range(99)])
        now = next(times)

        def look(at: datetime) -> Overview:
            one = next(left)
            if isinstance(one, BaseException):
                raise one
            return Overview(live=LIVE, at=at, services=one)

        def pause(seconds: float) -> None:
            nonlocal now
            self.waited.append(seconds)
            now = next(times)
            if len(self.waited) == len(looks):
                raise KeyboardInterrupt

        return watch(look, self.console, interval_seconds=5, clock=lambda: now, pause=pause)

    @property
    def said(self) -> str:
        return self.console.file.getvalue()  # type: ignore[attr-defined]


def test_ctrl_c_is_how_it_ends_and_the_last_page_is_left() -> None:
    terminal = Terminal()
    last = terminal.watch([HEALTHY_SERVICE], [HEALTHY_SERVICE], [HEALTHY_SERVICE])
    assert last
    assert last.at == NOW + timedelta(seconds=10)
    assert terminal.waited == [5, 5, 5]
    assert terminal.said.count("3 of 3 tasks, COMPLETED") >= 3
    assert "03:04:05Z, every 5 s; Ctrl-C ends" in terminal.said
    assert "03:04:15Z, every 5 s; Ctrl-C ends" in terminal.said


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NotNowError("AWS does not answer describe_services: ThrottlingException"), "ThrottlingException"),
        (EndpointConnectionError(endpoint_url="https://ecs"), "Could not connect"),
        (refusal("ServiceUnavailable", status=503), "ServiceUnavailable"),
    ],
)
def test_what_may_pass_leaves_the_page_with_a_line_that_says_how_old_it_is(error: Exception, told: str) -> None:
    terminal = Terminal()
    last = terminal.watch([HEALTHY_SERVICE], error, [HEALTHY_SERVICE])
    assert last
    assert last.at == NOW + timedelta(seconds=10), "the next look shows the stack again"
    assert "page of 03:04:05Z: " in terminal.said
    assert told in terminal.said


def test_throttling_before_the_first_page_is_waited_out() -> None:
    terminal = Terminal()
    assert terminal.watch(NotNowError("throttled")) is None
    assert "throttled; asking again" in terminal.said


@pytest.mark.parametrize("error", [CredentialsExpiredError("ExpiredToken"), refusal("AccessDeniedException")])
def test_what_does_not_pass_ends_it(error: Exception) -> None:
    with pytest.raises(type(error)):
        Terminal().watch([HEALTHY_SERVICE], error)


def test_ctrl_c_while_aws_is_asked_ends_it_too() -> None:
    assert Terminal().watch([HEALTHY_SERVICE], KeyboardInterrupt()) is not None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--watch", "--wait"), "goes without --wait and --format json"),
        (("--watch", "--format", "json"), "goes without --wait and --format json"),
        (("--watch", "--interval", "0"), "greater than or equal to 1"),
        (("--watch",), "--watch draws on a terminal, and this is none"),
    ],
)
def test_watching_where_it_makes_no_sense_is_wrong_usage(arguments: tuple[str, ...], told: str) -> None:
    result = story("status", "--stack", "prod", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in " ".join(result.stderr.split())
