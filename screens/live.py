"""Pictures of `story status` and `story doctor`, from sample data of a production stack on a bad evening."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

from rich.console import Console, RenderableType

from screens.terminal import WIDTH, steady_terminal, terminal_svg
from story.doctor import page as doctor_page
from story.doctor.finding import Finding, Severity, in_order, ok
from story.live_stack import LiveStack, stack_of_outputs
from story.status.overview import AlarmStatus, Event, Overview
from story.status.page import drawn, page
from story.status.releases import PastRelease
from story.status.services import ServiceStatus
from story.status.tasks import TaskStatus

NOW = datetime(2026, 1, 14, 19, 30, 12, tzinfo=UTC)
REGION = "ap-northeast-1"
DIGEST = "3f2a9c81d07b" + "5" * 52
BEFORE = "9b41e0aa77c2" + "5" * 52
IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/shop@sha256:{DIGEST}"
ZONES = ("a", "c", "d")


def status_screen() -> str:
    """The page of `story status` as an SVG."""
    return terminal_svg("status", "story status --stack prod", _printed(drawn(page(_overview()))))


def doctor_screen() -> str:
    """The page of `story doctor` as an SVG."""
    return terminal_svg(
        "doctor", "story doctor --stack prod", _printed(doctor_page.page(_live().location, _findings()))
    )


def _printed(content: RenderableType) -> str:
    """What a terminal would get."""
    with steady_terminal():
        console = Console(
            file=StringIO(), width=WIDTH, force_terminal=True, color_system="truecolor", legacy_windows=False
        )
        with console.capture() as captured:
            console.print(content)
        return captured.get()


def _live() -> LiveStack:
    outputs: dict[str, Any] = {
        "cluster": "story-prod",
        "region": REGION,
        "services": {},
        "migration": {},
        "image": IMAGE,
    }
    return stack_of_outputs("prod", outputs, None, project="story")


def _overview() -> Overview:
    return Overview(
        live=_live(),
        at=NOW,
        services=[
            _service("scheduler", 1, 1, 41),
            _service("web", 24, 24, 58),
            _service("worker-default", 2, 3, 47, deployment="IN_PROGRESS", reason="ECS deployment in progress."),
        ],
        tasks=[*_web(), *_others()],
        events=[
            _event(8, "worker-default", "has started 1 tasks: (task 5d0c7a1f3e924b6c8f10a2b4c6d8e0f2)."),
            _event(31, "worker-default", "has stopped 1 running tasks: (task 91c2e4a60b7d4f8893a5c7e9fb1d3f50)."),
            _event(1260, "web", "has reached a steady state."),
            _event(1275, "web", "(deployment ecs-svc/4410935527730298716) deployment completed."),
        ],
        alarms=[
            AlarmStatus(
                name="story-prod-worker-default-memory",
                since=NOW - timedelta(minutes=6),
                reason="Threshold Crossed: 3 out of the last 3 datapoints were greater than the threshold (85.0).",
            )
        ],
        releases=[
            _release(31, None, "worker-default", "IN_PROGRESS", 46),
            _release(1440, 165, "web", "SUCCESSFUL", 57),
            _release(1500, 44, "worker-default", "SUCCESSFUL", 45),
            _release(88_200, 312, "web", "ROLLBACK_SUCCESSFUL", 56, reason="alarms: story-prod-web-deployment-5xx"),
        ],
    )


def _service(
    name: str, running: int, desired: int, number: int, *, deployment: str = "COMPLETED", reason: str = ""
) -> ServiceStatus:
    return ServiceStatus(
        service=name,
        running=running,
        desired=desired,
        image=IMAGE,
        revision=f"story-prod-{name}:{number}",
        deployment=deployment,
        reason=reason,
        is_last_good=True,
    )


def _web() -> list[TaskStatus]:
    return [
        _task("web", number, ZONES[number % 3], 31 + 17 * number % 23, 48 + 13 * number % 11, minutes=21)
        for number in range(24)
    ]


def _others() -> list[TaskStatus]:
    return [
        _task("scheduler", 31, "c", 2, 37, minutes=1500),
        _task("worker-default", 41, "a", 64, 71, minutes=190),
        _task("worker-default", 42, "d", 58, 93, minutes=190),
        _task("worker-default", 43, "c", None, None, minutes=0, state="PENDING"),
    ]


def _task(
    service: str,
    number: int,
    zone: str,
    cpu: float | None,
    memory: float | None,
    *,
    minutes: int,
    state: str = "RUNNING",
) -> TaskStatus:
    return TaskStatus(
        service=service,
        id=f"{(number * 2654435761) % 2**32:08x}" + "0" * 24,
        zone=f"{REGION}{zone}",
        state=state,
        health="HEALTHY" if state == "RUNNING" else "UNKNOWN",
        revision=f"story-prod-{service}:1",
        started_at=NOW - timedelta(minutes=minutes) if minutes else None,
        cpu_percent=cpu,
        memory_percent=memory,
    )


def _event(seconds: int, service: str, message: str) -> Event:
    return Event(at=NOW - timedelta(seconds=seconds), service=service, message=f"(service {service}) {message}")


def _release(
    seconds: int, took: int | None, service: str, status: str, number: int, *, reason: str = ""
) -> PastRelease:
    began = NOW - timedelta(seconds=seconds)
    return PastRelease(
        service=service,
        began_at=began,
        ended_at=began + timedelta(seconds=took) if took is not None else None,
        status=status,
        from_revision=f"story-prod-{service}:{number}",
        to_revision=f"story-prod-{service}:{number + 1}",
        image=(BEFORE if reason else DIGEST)[:12],
        reason=reason,
    )


def _findings() -> list[Finding]:
    web, worker = "web", "worker-default"
    all_of_them = ("scheduler", web, worker, "worker-mail")
    well = [
        *(ok("alarms", "", text) for text in ("25 of 26 alarms are OK", "the actions of all alarms are enabled")),
        *(ok("backups", store, "can be restored to 3 minutes ago") for store in ("aurora", "documentdb")),
        ok("certificate", "www.example.com", "the certificate is valid for 211 more days"),
        ok("dns", "www.example.com", "the record in the hosted zone points to the load balancer"),
        *(ok("drift", name, "runs the last good image") for name in all_of_them),
        ok("events", "", "every event of the last 24 hours was delivered"),
        *(ok("exec", name, "agents are running") for name in ("scheduler", web, "worker-mail")),
        *(ok("image", name, "the registry has shop@3f2a9c81d07b for arm64") for name in all_of_them),
        ok("network", "", "the tasks' subnets have a route to S3 through the gateway endpoint"),
        *(ok("secrets", name, "8 secrets exist, with the keys that it reads") for name in (*all_of_them, "migration")),
        ok("targets", web, "24 of 24 targets are healthy"),
    ]
    return in_order(
        [
            Finding(
                area="restarts",
                subject=worker,
                severity=Severity.ERROR,
                what="4 tasks ran out of memory in the last hour: OutOfMemoryError: Container killed due to "
                "memory usage, app exit code 137 (4)",
                why="their work is lost or repeated, and the service has too few tasks if this continues",
                fix="set a higher memory_mib of the service in the stack file, or fewer php-fpm children; "
                "then run `pulumi up`",
            ),
            Finding(
                area="alarms",
                subject="story-prod-worker-default-memory",
                severity=Severity.WARNING,
                what="is in ALARM: 3 out of the last 3 datapoints were greater than the threshold (85.0)",
                why="with a release now, you cannot tell whether the release makes it worse",
                fix="follow the runbook that the alarm's description names; release when the alarm is OK again",
            ),
            Finding(
                area="quotas",
                subject="Fargate On-Demand vCPU resource count",
                severity=Severity.WARNING,
                what="29 of 64 vCPU in use, a release needs 27.5 more (88%)",
                why="if it is exceeded, new tasks cannot start, and a release waits until its timeout",
                fix="`aws service-quotas request-service-quota-increase --service-code fargate --quota-code "
                "L-3032A538 --desired-value 113 --region ap-northeast-1`; this may take days",
            ),
            Finding(
                area="secrets",
                subject=web,
                severity=Severity.UNKNOWN,
                what="could not be checked: the keys of story-prod-stripe-aB3dEf: these credentials may not call "
                "GetSecretValue (AccessDeniedException)",
            ),
            Finding(
                area="exec",
                severity=Severity.NOTE,
                what="session-manager-plugin is not installed on this machine",
                why="`story exec` cannot open a shell from this machine",
                fix="install it: docs.aws.amazon.com/systems-manager/latest/userguide/"
                "session-manager-working-with-install-plugin.html",
            ),
            *well,
        ]
    )
