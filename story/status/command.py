"""`story status`, as a command."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from aws.retrying import retrying_client
from release.step_output import print_line
from story.exit_codes import ExitCode
from story.live_stack import EXPECTED, LiveStack, error_line, live_stack
from story.status.client import NotNowError, page_client
from story.status.overview import overview
from story.status.page import drawn, page
from story.status.services import to_stderr, wait
from story.status.watch import watch


def run(*, stack: str, project: Path, config_file: Path | None, waits: bool, as_json: bool) -> int:
    """Shows a stack; returns the exit code: 0 if all services are healthy, 1 if not, or if they could not be read."""
    try:
        live = live_stack(stack, project, config_file)
        # The messages while it waits are not part of the document.
        failures = wait(live, to_stderr if as_json else print_line) if waits else []
        found = overview(
            live,
            page_client(live.location),
            _now(),
            retrying=retrying_client(live.location, to_stderr),
        )
    except (NotNowError, *EXPECTED) as error:
        print(f"story status: {error_line(stack, error)}", file=sys.stderr)
        return ExitCode.FAILED
    if as_json:
        print_line(json.dumps(found.document(), indent=2))
    elif sys.stdout.isatty():
        Console(highlight=False).print(drawn(page(found)))
    else:
        for line in page(found):
            print_line(line.text)
    for failure in failures:
        print(f"story status: {failure}", file=sys.stderr)
    return ExitCode.OK if all(one.is_healthy for one in found.services) and not failures else ExitCode.FAILED


def run_watch(*, stack: str, project: Path, config_file: Path | None, interval_seconds: float) -> int:
    """Shows a stack repeatedly until Ctrl-C; returns the exit code: 0 then, 1 if it could not be read, 2 if the output
    is not a terminal."""
    if not sys.stdout.isatty():
        print(
            "story status: --watch needs a terminal, and the output is none: leave it out to print one page, or use "
            "--wait to follow deployments",
            file=sys.stderr,
        )
        return ExitCode.WRONG_USAGE
    try:
        live = live_stack(stack, project, config_file)
        return _watch(live, interval_seconds)
    except EXPECTED as error:
        print(f"story status: {error_line(stack, error)}", file=sys.stderr)
        return ExitCode.FAILED


def _watch(live: LiveStack, interval_seconds: float) -> int:
    aws, console = page_client(live.location), Console(highlight=False)
    last = watch(lambda now: overview(live, aws, now), console, interval_seconds=interval_seconds, clock=_now)
    # The page was on the alternate screen, which is closed.
    if last:
        console.print(drawn(page(last)))
    return ExitCode.OK


def _now() -> datetime:
    return datetime.now(UTC)
