"""The timeline of a release as text or as JSON. The same settings give the same bytes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from story.timeline.parts import Part
from story.timeline.slow import SlowSetting
from story.timeline.timeline import Step, Timeline

BAR = 40
ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application"
ASSUMED = (
    "The stack already runs, with the minimum number of tasks; every task starts at the first attempt.",
    "A new task passes as many health checks of the load balancer as AWS's ECS guide states, interval x threshold. "
    f"By the load balancer's guide, one is enough ({ELB}/target-group-health-checks.html); web is ready earlier then.",
    "The first health check of a container is one interval after its start, as in Docker "
    "(https://docs.docker.com/reference/dockerfile/#healthcheck); AWS does not document it.",
    "A task is drained for the whole delay, even without requests: ECS waits until its target is unused, when "
    f"the delay has passed ({ELB}/edit-target-group-attributes.html).",
)
NOT_COUNTED = (
    "The image: build, tests and push.",
    "The pipeline: start, queue and approvals; Pulumi's own work before, between and after the steps.",
    "The start of a Fargate task, with its network interface and the pull of its image: AWS documents no time.",
    "The migration itself, and the task that creates database users, if it runs.",
    "The time until ECS notices that a task is healthy, drained or stopped, and reacts.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTimes:
    """The times of a release of one stack.

    Attributes:
        stack: Name of the stack.
        file: The stack file.
        strategy: How web's tasks are replaced; empty without web.
        line: The timeline; None if there are mistakes.
        slow: Settings that make a release slow.
        mistakes: Mistakes in the settings, one line each.
    """

    stack: str
    file: Path
    strategy: str = ""
    line: Timeline | None = None
    slow: Sequence[SlowSetting] = ()
    mistakes: Sequence[str] = ()


def as_json(releases: Sequence[ReleaseTimes]) -> str:
    """`{"stacks": {<name>: {...}}}`, as docs/release-time.md describes it."""
    document = {"stacks": {release.stack: _stack(release) for release in releases}}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_text(releases: Sequence[ReleaseTimes]) -> str:
    """A row for each step with its parts below it; at the end, settings that make it slow."""
    lines = [line for release in releases for line in (*_text(release), "")]
    if any(release.line for release in releases):
        lines += [f"assumed: {text}" for text in ASSUMED]
        lines += [f"not counted: {text}" for text in NOT_COUNTED]
        lines.append("--format json contains AWS's page for each part.")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def duration(seconds: int) -> str:
    """Seconds as text: `1 min 30 s`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    named = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{count} {unit}" for count, unit in named if count) or "0 s"


def _text(release: ReleaseTimes) -> Iterator[str]:
    title = f"{release.stack} ({release.file.name}"
    if not (line := release.line):
        yield f"{title})"
        yield from (f"  mistake: {text}" for text in release.mistakes)
        return
    least, most = duration(line.at_least_seconds), duration(line.at_most_seconds)
    yield f"{title}{f', {release.strategy}' if release.strategy else ''}): a release takes at least {least}"
    yield f"  and {_starts(line.task_starts)}, for which AWS documents no time; with the timeouts, at most {most}"
    width = max(len(step.name) for step in line.steps)
    yield _row("step".ljust(width), "begins", "at least", "at most")
    yield _row("push".ljust(width), "-", "-", "-", "image and pipeline: not counted")
    for step in line.steps:
        begins = line.begins[step.name]
        least, most = f"{step.at_least_seconds} s", f"{step.at_most_seconds} s"
        yield _row(step.name.ljust(width), f"{begins} s", least, most, _bar(step, begins, line.at_least_seconds))
        yield from (f"      {_range(part).rjust(14)}  {_part_text(part)}" for part in step.parts)
        yield f"      timeout         {step.timeout_key}: {step.timeout_seconds}"
    yield _row("done".ljust(width), f"{line.at_least_seconds} s")
    yield from (f"  warning: {_warning_text(each)}" for each in release.slow)


def _row(name: str, begins: str, least: str = "", most: str = "", bar: str = "") -> str:
    return f"  {name}{begins.rjust(10)}{least.rjust(11)}{most.rjust(11)}  {bar}"


def _starts(count: int) -> str:
    return f"{count} start{'' if count == 1 else 's'} of Fargate tasks{'' if count == 1 else ' one after another'}"


def _bar(step: Step, begins: int, total: int) -> str:
    if not total:
        return "|"
    first, last = (round(BAR * second / total) for second in (begins, begins + step.at_least_seconds))
    return " " * first + ("=" * max(last - first, 1) if step.at_least_seconds else "|")


def _range(part: Part) -> str:
    if part.at_least_seconds == part.at_most_seconds:
        return f"{part.at_least_seconds} s"
    if part.at_most_seconds is None:
        return f"{part.at_least_seconds} s or more"
    return f"{part.at_least_seconds} to {part.at_most_seconds} s"


def _part_text(part: Part) -> str:
    given = ", ".join(f"{key}: {value:g}" for key, value in part.settings.items())
    return f"{part.what}; {given}" if given else part.what


def _warning_text(slow: SlowSetting) -> str:
    return f"{slow.key}: {slow.value:g} costs {duration(slow.costs_seconds)} {slow.costs}; {slow.advice}"


def _stack(release: ReleaseTimes) -> Mapping[str, Any]:
    if not (line := release.line):
        return {"mistakes": list(release.mistakes)}
    return {
        "strategy": release.strategy or None,
        "at_least_seconds": line.at_least_seconds,
        "at_most_seconds": line.at_most_seconds,
        "task_starts": line.task_starts,
        "steps": [_step(line, step) for step in line.steps],
        "warnings": [_warning(slow) for slow in release.slow],
        "assumptions": list(ASSUMED),
        "not_counted": list(NOT_COUNTED),
        "mistakes": [],
    }


def _step(line: Timeline, step: Step) -> Mapping[str, Any]:
    return {
        "step": step.name,
        "after": list(step.after),
        "begins_at_seconds": line.begins[step.name],
        "at_least_seconds": step.at_least_seconds,
        "at_most_seconds": step.at_most_seconds,
        "timeout": {"key": step.timeout_key, "seconds": step.timeout_seconds},
        "parts": [
            {
                "what": part.what,
                "at_least_seconds": part.at_least_seconds,
                "at_most_seconds": part.at_most_seconds,
                "settings": dict(part.settings),
                "source": part.source,
            }
            for part in step.parts
        ],
    }


def _warning(slow: SlowSetting) -> Mapping[str, Any]:
    return {
        "key": slow.key,
        "value": slow.value,
        "costs_seconds": slow.costs_seconds,
        "costs": slow.costs,
        "advice": slow.advice,
    }
