"""`story logs`: shows the log of the containers of a service, and follows it."""

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
from story.session.access import NoAccessError, WrongUsageError, exit_code, message_printer, print_message
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
    """Which lines to show, and in which form.

    Attributes:
        since: How far back: `10m`, `2h`, `1d`.
        follow: Show new lines as they arrive, until the process is interrupted.
        text: Text that they contain; "" for any.
        container: Container that wrote them; "" for any.
        task: Task ID, the beginning of one, or an ARN; "" for any.
        as_json: One JSON object for each line.
    """

    since: str
    follow: bool = False
    text: str = ""
    container: str = ""
    task: str = ""
    as_json: bool = False


def run(*, stack: str | None, service: str, query: LogQuery, project: Path, config_file: Path | None) -> int:
    """Shows the lines; returns the exit code: 0, 1 if they cannot be read, 2 for wrong usage."""

    def show(name: str) -> int:
        back = seconds(query.since)
        live = live_stack(name, project, config_file)
        selection = select_tasks(live, service)
        events = Events(
            aws=retrying_client(live.location, message_printer(NAME)), search=_search(selection, query, back)
        )
        try:
            return _show(events, selection, query)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            raise NoAccessError(
                f"log group {selection.log_group} does not exist; the next `pulumi up` creates it"
            ) from None

    try:
        return exit_code(NAME, stack, project, show)
    except BrokenPipeError:
        # The reader of the pipe has ended. What is still in the buffer must not fail at the end of the process:
        # docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK


def seconds(since: str) -> int:
    """The seconds of a duration such as `10m`.

    Raises:
        WrongUsageError: It is not a number and a unit.
    """
    found = SINCE.fullmatch(since)
    if not found:
        raise WrongUsageError(f'--since: given "{since}"; allowed is a number and s, m, h or d, such as 10m, 2h, 1d')
    return int(found[1]) * SECONDS[found[2]]


def line_of(event: Json, *, colours: bool) -> str:
    """An event as a line: time in UTC, task, container unless it is the application's, message."""
    _, container, task = _stream(event)
    writer = task[:SHORT_ID] if container in ("", APP) else f"{task[:SHORT_ID]}/{container}"
    moment, message = f"{_moment(event):%Y-%m-%d %H:%M:%S.%f}"[:-3], CONTROL.sub(" ", _message(event))
    if not colours:
        return f"{moment} {writer}  {message}"
    return f"{DIM}{moment}{PLAIN} {COLOURS[sum(task.encode()) % len(COLOURS)]}{writer}{PLAIN}  {message}"


def object_of(event: Json) -> str:
    """An event as a JSON object."""
    _, container, task = _stream(event)
    fields = {
        "time": _moment(event).isoformat(timespec="milliseconds"),
        "task": task,
        "container": container,
        "message": _message(event),
    }
    return json.dumps(fields, ensure_ascii=False)


def _search(selection: TaskSelection, query: LogQuery, back: int) -> Search:
    return Search(
        group=selection.log_group,
        since_ms=max(0, int((time.time() - back) * 1000)),
        text=query.text,
        # docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html: prefix/container/task
        stream_prefix=f"{selection.name}/{query.container}/" if query.container else "",
        task=query.task.rpartition("/")[2],
    )


def _show(events: Events, selection: TaskSelection, query: LogQuery) -> int:
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    shape: Callable[[Json], str] = object_of if query.as_json else lambda event: line_of(event, colours=colours)
    shown = 0
    for page in events.follow() if query.follow else events.so_far():
        shown += len(page)
        _write([shape(event) for event in page])
    if not shown:
        print_message(
            NAME, f"{selection.log_group} has no matching lines in the last {query.since}; --since sets a longer period"
        )
    return ExitCode.OK


def _write(lines: Sequence[str]) -> None:
    """Prints lines at once. Characters that the terminal's encoding does not have are shown as `?`."""
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
