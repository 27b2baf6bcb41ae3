"""The page of `story status`: as many lines of text as fit."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.console import Group, RenderableType
from rich.text import Text

from story.status.overview import Overview
from story.status.services import COMPLETE, described
from story.status.tasks import TaskStatus, busiest, by_zone

FEW_TASKS = 12
"""Number of tasks of a service up to which each task is shown."""
BUSIEST = 3
BUSY_PERCENT = 85
NO_ZONE = "no zone yet"

Row = tuple[str, str, str, str]
"""Zone, use, description and style of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the page.

    Attributes:
        text: Its text.
        style: Its colour in a terminal.
    """

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is shown of each part.

    Attributes:
        tasks: Number of tasks of a service up to which each is shown; of more only the busiest are.
        busiest: Number of the busiest tasks.
        events: Number of events.
        releases: Number of releases.
        alarms: Number of alarms.
    """

    tasks: int = FEW_TASKS
    busiest: int = BUSIEST
    events: int = 6
    releases: int = 8
    alarms: int = 20


LIMITS = (
    Limits(),
    Limits(tasks=4, releases=6, alarms=8),
    Limits(tasks=0, busiest=2, events=4, releases=4, alarms=5),
    Limits(tasks=0, busiest=1, events=3, releases=2, alarms=3),
    Limits(tasks=0, busiest=0, events=2, releases=1, alarms=2),
    Limits(tasks=0, busiest=0, events=0, releases=0, alarms=1),
)
"""From a full page to one for a small terminal."""


def page(overview: Overview, *, height: int | None = None, notice: str = "") -> list[Line]:
    """The page.

    Args:
        overview: The stack.
        height: Maximum number of lines; None for no limit.
        notice: A line at the top, such as one that says that the page is old.
    """
    pages = (_lines(overview, limits, notice) for limits in LIMITS)
    if height is None:
        return next(pages)
    lines: list[Line] = []
    for lines in pages:
        if len(lines) <= height:
            return lines
    more = f"... {len(lines) - height + 1} more lines; enlarge the terminal to see them"
    return [*lines[: height - 1], Line(text=more, style="dim")]


def drawn(lines: Sequence[Line]) -> RenderableType:
    """The page for a terminal; lines that are too long are cut off."""
    return Group(*(Text(line.text, style=line.style, no_wrap=True, overflow="ellipsis") for line in lines))


def _lines(overview: Overview, limits: Limits, notice: str) -> list[Line]:
    first, *rest = described(overview.live, overview.services)
    lines = [Line(text=notice, style="bold yellow")] if notice else []
    lines += [Line(text=first, style="bold"), *(Line(text=line, style=_style(line)) for line in rest)]
    parts: tuple[tuple[str, Callable[[Overview, Limits], Iterator[Line]]], ...] = (
        ("Alarms", _alarms),
        ("Tasks", _tasks),
        ("Events", _events),
        ("Releases", _releases),
    )
    for title, part in parts:
        if content := list(part(overview, limits)):
            lines += [Line(text=""), Line(text=title, style="bold"), *content]
    if overview.missing:
        lines += [Line(text=""), Line(text="Not available", style="bold")]
        lines += [Line(text=f"  {part}: {why}", style="magenta") for part, why in sorted(overview.missing.items())]
    return lines


def _style(line: str) -> str:
    if line.startswith("Last good image"):
        return "dim"
    if "does not exist" in line or "FAILED" in line:
        return "red"
    return "" if COMPLETE in line else "yellow"


def _alarms(overview: Overview, limits: Limits) -> Iterator[Line]:
    for alarm in overview.alarms[: limits.alarms]:
        since = f", {_ago(overview.at - alarm.since)}" if alarm.since else ""
        yield Line(text=f"  {alarm.name}{since}: {alarm.reason}", style="red")
    if more := len(overview.alarms[limits.alarms :]):
        yield Line(text=f"  and {more} more", style="red")


def _tasks(overview: Overview, limits: Limits) -> Iterator[Line]:
    services = sorted({task.service for task in overview.tasks})
    for name in services:
        tasks = [task for task in overview.tasks if task.service == name]
        rows = list(
            _few(tasks, overview.at) if len(tasks) <= limits.tasks else _many(tasks, limits.busiest, overview.at)
        )
        wide = max(map(len, services))
        for number, (zone, use, text, style) in enumerate(rows):
            label = name if number == 0 else ""
            yield Line(text=f"  {label:{wide}}  {zone:{_zone_width(overview)}}  {use}  {text}", style=style)


def _zone_width(overview: Overview) -> int:
    return max(len(task.zone or NO_ZONE) for task in overview.tasks)


def _few(tasks: Sequence[TaskStatus], now: datetime) -> Iterator[Row]:
    """Each task, zone by zone."""
    for task in sorted(tasks, key=lambda task: (task.zone, task.id)):
        yield _task(task, now)


def _many(tasks: Sequence[TaskStatus], most: int, now: datetime) -> Iterator[Row]:
    """The sums of the zones, and the busiest tasks."""
    for zone in by_zone(tasks):
        running = "" if zone.running == zone.tasks else f", {zone.running} running"
        count = f"{zone.tasks} {'task' if zone.tasks == 1 else 'tasks'}{running}, on average"
        yield zone.zone or NO_ZONE, _use(zone.cpu_percent, zone.memory_percent), count, ""
    for task in busiest(tasks)[:most]:
        zone, use, text, style = _task(task, now)
        yield zone, use, f"busy: {text}", style or "dim"


def _task(task: TaskStatus, now: datetime) -> Row:
    health = "" if task.health == "UNKNOWN" else f", {task.health.lower()}"
    age = f", {_ago(now - task.started_at)}" if task.started_at else ""
    is_busy = max(task.cpu_percent or 0, task.memory_percent or 0) >= BUSY_PERCENT
    is_healthy = task.state == "RUNNING" and task.health != "UNHEALTHY" and not is_busy
    text = f"{task.id[:8]} {task.state}{health}{age}"
    return task.zone or NO_ZONE, _use(task.cpu_percent, task.memory_percent), text, "" if is_healthy else "red"


def _use(cpu_percent: float | None, memory_percent: float | None) -> str:
    return f"cpu {_percent(cpu_percent)}  memory {_percent(memory_percent)}"


def _events(overview: Overview, limits: Limits) -> Iterator[Line]:
    for event in overview.events[: limits.events]:
        yield Line(text=f"  {_clock(event.at)}  {event.message}")


def _releases(overview: Overview, limits: Limits) -> Iterator[Line]:
    shown = overview.releases[: limits.releases]
    wide = max((len(one.service) for one in shown), default=0)
    for one in shown:
        revisions = f"{one.from_revision or 'nothing'} -> {one.to_revision}"
        duration = f", {_seconds(one.ended_at - one.began_at)}" if one.ended_at and one.began_at else ""
        reason = f": {one.reason}" if one.reason else ""
        began = _clock(one.began_at) if one.began_at else "-"
        style = "" if one.status == "SUCCESSFUL" else "red" if one.reason else "yellow"
        text = f"  {began}  {one.service:{wide}}  {one.status}{duration}  {revisions}  image {one.image or '-'}{reason}"
        yield Line(text=text, style=style)


def _percent(number: float | None) -> str:
    return "    -" if number is None else f"{number:3.0f} %"


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%m-%d %H:%M:%S}Z"


def _ago(time: timedelta) -> str:
    return f"for {_seconds(time)}"


def _seconds(time: timedelta) -> str:
    seconds = max(0, int(time.total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
