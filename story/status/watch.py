"""`story status --watch`: the page, drawn again and again until Ctrl-C."""

import time
from collections.abc import Callable
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.live import Live

from story.status.client import NotNowError, may_pass
from story.status.overview import Overview
from story.status.page import Line, drawn, page


def watch(
    look: Callable[[datetime], Overview],
    console: Console,
    *,
    interval_seconds: float,
    clock: Callable[[], datetime],
    pause: Callable[[float], None] = time.sleep,
) -> Overview | None:
    """Draws the page until Ctrl-C, which is how it ends; returns the last one.

    Args:
        look: Looks at the stack; what may pass leaves the page as it was, with a line that says so.
        console: The terminal.
        interval_seconds: Time between two looks.
        clock: Tells the time.
        pause: Waits.

    Raises:
        aws.errors.CredentialsExpiredError, botocore.exceptions.ClientError: AWS will not answer the next time either.
    """
    last: Overview | None = None
    try:
        with Live(console=console, screen=True, auto_refresh=False) as screen:
            while True:
                notice = f"{clock():%H:%M:%S}Z, every {interval_seconds:g} s; Ctrl-C ends"
                try:
                    last = look(clock())
                except (NotNowError, BotoCoreError, ClientError) as error:
                    if not may_pass(error):
                        raise
                    notice = _old(last, str(error))
                lines = page(last, height=console.height, notice=notice) if last else [Line(text=notice)]
                screen.update(drawn(lines), refresh=True)
                pause(interval_seconds)
    except KeyboardInterrupt:
        return last


def _old(last: Overview | None, reason: str) -> str:
    return f"page of {last.at:%H:%M:%S}Z: {reason}" if last else f"{reason}; asking again"
