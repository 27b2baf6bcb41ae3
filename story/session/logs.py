"""`story logs`: what the containers of a service wrote, and what they write."""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import ClientError

from aws.client import Json
from aws.errors import code_of
from aws.retrying import retrying_client
from release.step_output import CONTROL
from story.exit_codes import ExitCode
from story.live_stack import live_stack
from story.session.entering import NoEntryError, WrongUsageError, exit_code, say, sayer
from story.session.log_events import Events, Search
from story.session.task_choice import TaskSelection, select_tasks

NAME = "logs"
SINCE = re.compile(r"([1-9][0-9]{0,6})([smhd])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
APP = "app"
SHORT_ID = 8
DIM, PLAIN = "\x1b[2m", "\x1b[0m"
COLOURS = ("\x1b[36m", "\x1b[32m", "\x1b[33m", "\x1b[35m", "\x1b[34m", "\x1b[31m")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which lines, and how.

    Attributes:
        since: How far back: `10m`, `2h`, `1d`.
        follow: Go on with what comes in.
        text: Text that they contain; "" for all.
        container: Container that wrote them; "" for all.
        task: Id of the task, its beginning, or ARN; "" for all.
        as_json: One JSON object for each.
    """

    since: str
    follow: bool = False
    text: str = ""
    container: str = ""
    task: str = ""
    as_json: bool = False


def run(*, stack: str | None, service: str, wanted: LogQuery, project: Path, config_file: Path | None) -> int:
    """Shows them; returns the exit code: 0, 1 if they can't be read, 2 for wrong usage."""

    def show(name: str) -> int:
        back = seconds(wanted.since)
        live = live_stack(name, project, config_file)
        selection = select_tasks(live, service)
        events = Events(aws=retrying_client(live.location, sayer(NAME)), search=_search(selection, wanted, back))
        try:
            return _show(events, selection, wanted)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            raise NoEntryError(
                f"log group {selection.log_group} does not exist; the next `pulumi up` makes it"
            ) from None

    try:
        return exit_code(NAME, stack, project, show)
    except BrokenPipeError:
        # Whoever read it has seen enough. What is still in the buffer must not fail at the end of the process:
        # docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK


def seconds(since: str) -> int:
    """How far back.

    Raises:
        WrongUsageError: It isn't a number and a unit.
    """
    found = SINCE.fullmatch(since)
    if not found:
        raise WrongUsageError(f'--since: given "{since}"; allowed is a number and s, m, h or d, such as 10m, 2h, 1d')
    return int(found[1]) * SECONDS[found[2]]


def line_of(event: Json, *, colours: bool) -> str:
    """An event for people: time in UTC, task, container unless it is the application's, message."""
    _, container, task = _stream(event)
    writer = task[:SHORT_ID] if container in ("", APP) else f"{task[:SHORT_ID]}/{container}"
    moment, message = f"{_moment(event):%Y-%m-%d %H:%M:%S.%f}"[:-3], CONTROL.sub(" ", _message(event))
    if not colours:
        return f"{moment} {writer}  {message}"
    return f"{DIM}{moment}{PLAIN} {COLOURS[sum(task.encode()) % len(COLOURS)]}{writer}{PLAIN}  {message}"


def object_of(event: Json) -> str:
    """An event for tools."""
    _, container, task = _stream(event)
    told = {
        "time": _moment(event).isoformat(timespec="milliseconds"),
        "task": task,
        "container": container,
        "message": _message(event),
    }
    return json.dumps(told, ensure_ascii=False)


def _search(selection: TaskSelection, wanted: LogQuery, back: int) -> Search:
    return Search(
        group=selection.log_group,
        since_ms=max(0, int((time.time() - back) * 1000)),
        text=wanted.text,
        # docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html: prefix/container/task
        stream_prefix=f"{selection.name}/{wanted.container}/" if wanted.container else "",
        task=wanted.task.rpartition("/")[2],
    )


def _show(events: Events, selection: TaskSelection, wanted: LogQuery) -> int:
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    shape: Callable[[Json], str] = object_of if wanted.as_json else lambda event: line_of(event, colours=colours)
    shown = 0
    for page in events.for_ever() if wanted.follow else events.so_far():
        shown += len(page)
        _write([shape(event) for event in page])
    if not shown:
        say(NAME, f"{selection.log_group} has no such lines of the last {wanted.since}; --since looks further back")
    return ExitCode.OK


def _write(lines: Sequence[str]) -> None:
    """Print lines at once. What the terminal's encoding has no letter for is shown as `?`."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write("".join(f"{line}\n" for line in lines).encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def _stream(event: Json) -> tuple[str, str, str]:
    """Prefix, container and task of the stream that an event is in."""
    prefix, _, rest = str(event.get("logStreamName", "")).partition("/")
    container, _, task = rest.rpartition("/")
    return prefix, container, task


def _moment(event: Json) -> datetime:
    return datetime.fromtimestamp(int(event["timestamp"]) / 1000, UTC)


def _message(event: Json) -> str:
    return str(event.get("message", "")).rstrip("\r\n")
