"""Tasks that stopped in the last hour, and why. ECS forgets them after that:
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
"""So many failures of one kind in an hour are a loop."""
SHOWN = 200


class End(StrEnum):
    """How a task ended."""

    MEMORY = "memory"
    """It wanted more memory than it has."""
    CHECKS = "checks"
    """A health check failed."""
    START = "start"
    """It never started."""
    FAILED = "failed"
    """A container ended with an error."""
    SPOT = "spot"
    """AWS took its capacity back."""
    MEANT = "meant"
    """It was told to, or it was done."""


def end_of(task: Json) -> End:
    """How a stopped task ended."""
    told, code, exited = why(task), str(task.get("stopCode", "")), _exit_code(task)
    if "OutOfMemory" in told or (exited == KILLED and code not in STOPPED_BY_SOMEBODY):
        return End.MEMORY
    if "health check" in told.lower():
        return End.CHECKS
    if code == "TaskFailedToStart":
        return End.START
    if code in ("SpotInterruption", "TerminationNotice"):
        return End.SPOT
    if code in STOPPED_BY_SOMEBODY:
        return End.MEANT
    # Workers end with 0 when they have done what they were to do, and are started anew.
    return End.MEANT if code == "EssentialContainerExited" and exited == 0 else End.FAILED


def evaluate(name: str, stopped: Sequence[Json], now: datetime) -> list[Finding]:
    """What became of a service's tasks.

    Args:
        name: The service.
        stopped: Its stopped tasks, as far as ECS still knows them.
        now: The time that counts as now.
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
                    why="what they worked on is lost or done again, and in a loop the service has too few tasks",
                    fix=fix,
                )
            )
    meant = sum(end_of(task) is End.MEANT for task in recent)
    told = f" ({meant} were stopped by a deployment, by scaling or by their own end)" if meant else ""
    return found or [ok(RESTARTS, name, f"no task failed in the last hour{told}")]


MEANING: dict[End, tuple[Severity | None, str, str]] = {
    End.MEMORY: (
        Severity.WARNING,
        "killed, out of memory,",
        "memory_mib of the service in the stack's file, or fewer php-fpm children; then `pulumi up`",
    ),
    End.CHECKS: (Severity.WARNING, "that failed its health check", "look at the task's log at that time"),
    End.START: (
        Severity.WARNING,
        "that never started",
        "the reason names the image, secret, log group or route that is missing",
    ),
    End.FAILED: (Severity.WARNING, "that ended with an error", "look at the last lines of the task's log"),
    End.SPOT: (
        None,
        "taken back by Fargate Spot",
        "capacity.on_demand_base of the service keeps some on demand",
    ),
}


def check_service(context: DoctorContext, name: str) -> Iterator[Finding]:
    """The stopped tasks of a service."""
    yield from evaluate(name, context.tasks(name, "STOPPED"), context.now)


def _exit_code(task: Json) -> int | None:
    """The exit code that tells why the task ended: the application's, unless that was only told to stop, as the
    containers are that are left. None if there is none, which is no success."""
    codes = {str(one.get("name")): one.get("exitCode") for one in items(task, "containers")}
    known = [code for code in (codes.get(APP), *codes.values()) if code is not None and code != STOPPED_BY_SIGNAL]
    return known[0] if known else None


def _is_recent(task: Json, now: datetime) -> bool:
    when = cast(datetime | None, task.get("stoppedAt") or task.get("stoppingAt"))
    return task.get("lastStatus") == "STOPPED" and when is not None and now - when <= LAST_HOUR


def _grouped(tasks: Sequence[Json]) -> str:
    reasons = Counter(_reason(task) for task in tasks).most_common()
    told = "; ".join(f"{reason} ({count})" if count > 1 else reason for reason, count in reasons[:3])
    return f"{told[:SHOWN]} ..." if len(told) > SHOWN or len(reasons) > 3 else told


def _reason(task: Json) -> str:
    codes = sorted(
        f"{one.get('name')} exit code {one['exitCode']}" for one in items(task, "containers") if one.get("exitCode")
    )
    return ", ".join([REQUEST_ID.sub("", why(task)), *codes])
