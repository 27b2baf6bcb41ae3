"""`story status --watch`: refreshes the page until Ctrl-C."""

import time
from collections.abc import Callable
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.live import Live

from story.status.client import NotNowError, is_temporary
from story.status.overview import Overview
from story.status.page import Line, drawn, page


def watch(
    read: Callable[[datetime], Overview],
    console: Console,
    *,
    interval_seconds: float,
    clock: Callable[[], datetime],
    pause: Callable[[float], None] = time.sleep,
) -> Overview | None:
    """Refreshes the page until Ctrl-C; returns the last one.

    Args:
        read: Reads the stack at a time. After a temporary error the last page stays, with a line that says so.
        console: The terminal.
        interval_seconds: Time between two refreshes.
        clock: Returns the current time.
        pause: Waits for a number of seconds.

    Raises:
        aws.errors.CredentialsExpiredError, botocore.exceptions.ClientError: The error is not temporary.
    """
    last: Overview | None = None
    try:
        with Live(console=console, screen=True, auto_refresh=False) as screen:
            while True:
                notice = f"{clock():%H:%M:%S}Z, every {interval_seconds:g} s; press Ctrl-C to stop"
                try:
                    last = read(clock())
                except (NotNowError, BotoCoreError, ClientError) as error:
                    if not is_temporary(error):
                        raise
                    notice = _old(last, str(error))
                lines = page(last, height=console.height, notice=notice) if last else [Line(text=notice)]
                screen.update(drawn(lines), refresh=True)
                pause(interval_seconds)
    except KeyboardInterrupt:
        return last


def _old(last: Overview | None, reason: str) -> str:
    return f"page of {last.at:%H:%M:%S}Z: {reason}" if last else f"{reason}; retrying"
