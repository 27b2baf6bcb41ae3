"""Tasks that stopped in the last hour, and why. ECS keeps stopped tasks for about an hour:
docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

from aws.client import Json, items
from release.deployed_tasks import REQUEST_ID, STOPPED_BY_SIGNAL
from release.stopped_task import KILLED, STOPPED_BY_SOMEBODY, why
from story.doctor.context import DoctorContext
from story.doctor.finding import Finding, Severity, ok
from story.live_stack import APP

RESTARTS = "restarts"
LAST_HOUR = timedelta(hours=1)
LOOP = 3
"""Number of failures of one kind in an hour that count as a loop."""
SHOWN = 200


class End(StrEnum):
    """Why a task stopped."""

    MEMORY = "memory"
    """It ran out of memory."""
    CHECKS = "checks"
    """A health check failed."""
    START = "start"
    """It never started."""
    FAILED = "failed"
    """A container ended with an error."""
    SPOT = "spot"
    """Fargate Spot reclaimed its capacity."""
    EXPECTED = "expected"
    """A deployment, scaling or a user stopped it, or it ended by itself with exit code 0."""


def end_of(task: Json) -> End:
    """Why a stopped task stopped."""
    text, code, exited = why(task), str(task.get("stopCode", "")), _exit_code(task)
    if "OutOfMemory" in text or (exited == KILLED and code not in STOPPED_BY_SOMEBODY):
        return End.MEMORY
    if "health check" in text.lower():
        return End.CHECKS
    if code == "TaskFailedToStart":
        return End.START
    if code in ("SpotInterruption", "TerminationNotice"):
        return End.SPOT
    if code in STOPPED_BY_SOMEBODY:
        return End.EXPECTED
    # Workers end with 0 after a while by design, and the service starts new ones.
    return End.EXPECTED if code == "EssentialContainerExited" and exited == 0 else End.FAILED


def evaluate(name: str, stopped: Sequence[Json], now: datetime) -> list[Finding]:
    """Whether tasks of a service failed in the last hour.

    Args:
        name: The service.
        stopped: Its stopped tasks that ECS still keeps.
        now: The current time.
    """
    recent = [task for task in stopped if _is_recent(task, now)]
    found: list[Finding] = []
    for end, (severe, reason, fix) in MEANING.items():
        tasks = [task for task in recent if end_of(task) is end]
        if tasks:
            severity = Severity.ERROR if severe and len(tasks) >= LOOP else severe or Severity.NOTE
            count = f"{len(tasks)} {'task' if len(tasks) == 1 else 'tasks'}"
            found.append(
                Finding(
                    area=RESTARTS,
                    subject=name,
                    severity=severity,
                    what=f"{count} {reason} in the last hour: {_grouped(tasks)}",
                    why="their work is lost or repeated, and the service has too few tasks if this continues",
                    fix=fix,
                )
            )
    expected = sum(end_of(task) is End.EXPECTED for task in recent)
    others = f" ({expected} were stopped by a deployment, scaling or a user, or ended with 0)" if expected else ""
    return found or [ok(RESTARTS, name, f"no task failed in the last hour{others}")]


MEANING: dict[End, tuple[Severity | None, str, str]] = {
    End.MEMORY: (
        Severity.WARNING,
        "ran out of memory",
        "set a higher memory_mib of the service in the stack file, or fewer php-fpm children; then run `pulumi up`",
    ),
    End.CHECKS: (Severity.WARNING, "failed the health check", "read the task's log of that time"),
    End.START: (
        Severity.WARNING,
        "did not start",
        "the reason names the missing image, secret, log group or route",
    ),
    End.FAILED: (Severity.WARNING, "ended with an error", "read the last lines of the task's log"),
    End.SPOT: (
        None,
        "stopped by a Fargate Spot interruption",
        "to keep some tasks on demand, set capacity.on_demand_base of the service",
    ),
}


def check_service(context: DoctorContext, name: str) -> Iterator[Finding]:
    """The stopped tasks of a service."""
    yield from evaluate(name, context.tasks(name, "STOPPED"), context.now)


def _exit_code(task: Json) -> int | None:
    """The exit code that shows why the task stopped: the application's, unless it was stopped by a signal, as ECS does
    with the remaining containers. None if there is none, which does not count as success."""
    codes = {str(one.get("name")): one.get("exitCode") for one in items(task, "containers")}
    known = [code for code in (codes.get(APP), *codes.values()) if code is not None and code != STOPPED_BY_SIGNAL]
    return known[0] if known else None


def _is_recent(task: Json, now: datetime) -> bool:
    when = cast(datetime | None, task.get("stoppedAt") or task.get("stoppingAt"))
    return task.get("lastStatus") == "STOPPED" and when is not None and now - when <= LAST_HOUR


def _grouped(tasks: Sequence[Json]) -> str:
    reasons = Counter(_reason(task) for task in tasks).most_common()
    text = "; ".join(f"{reason} ({count})" if count > 1 else reason for reason, count in reasons[:3])
    return f"{text[:SHOWN]} ..." if len(text) > SHOWN or len(reasons) > 3 else text


def _reason(task: Json) -> str:
    codes = sorted(
        f"{one.get('name')} exit code {one['exitCode']}" for one in items(task, "containers") if one.get("exitCode")
    )
    return ", ".join([REQUEST_ID.sub("", why(task)), *codes])
