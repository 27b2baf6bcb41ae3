"""A stack at one moment: services, tasks, events, alarms and releases.

What cannot be read leaves its part of the page empty, and says why; only the services have to be there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from aws.client import Json, items
from aws.retrying import RetryingClient
from release.saying import plain
from release.task import task_id
from story.live_stack import LiveStack
from story.status.client import PageClient, or_why
from story.status.releases import PastRelease, releases
from story.status.services import ServiceStatus, services_of, statuses_of
from story.status.tasks import TaskStatus, task_status, tasks_of, use_of

EVENTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What ECS did with a service.

    Attributes:
        at: When.
        service: The service.
        message: ECS's words.
    """

    at: datetime
    service: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmStatus:
    """An alarm in ALARM.

    Attributes:
        name: Its name.
        since: Since when; None if CloudWatch does not tell.
        reason: CloudWatch's words.
    """

    name: str
    since: datetime | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A stack at one moment.

    Attributes:
        live: The stack, as its last update left it.
        at: The moment.
        services: Every service.
        tasks: Every task that should run.
        events: The last events of all services, the newest one first.
        alarms: The alarms in ALARM.
        releases: The last releases of all services, the newest one first.
        missing: What could not be read, and why, by the name of the part.
    """

    live: LiveStack
    at: datetime
    services: Sequence[ServiceStatus]
    tasks: Sequence[TaskStatus] = ()
    events: Sequence[Event] = ()
    alarms: Sequence[AlarmStatus] = ()
    releases: Sequence[PastRelease] = ()
    missing: Mapping[str, str] = field(default_factory=dict[str, str])

    def document(self) -> dict[str, Any]:
        """All of it, for JSON; times are ISO 8601."""
        return {
            "image": self.live.image,
            "services": [asdict(one) for one in self.services],
            "at": _told(self.at),
            **{
                part: [{name: _told(value) for name, value in asdict(one).items()} for one in getattr(self, part)]
                for part in ("tasks", "events", "alarms", "releases")
            },
            "missing": dict(self.missing),
        }


def overview(live: LiveStack, aws: PageClient, now: datetime, *, retrying: RetryingClient | None = None) -> Overview:
    """A stack at this moment.

    Args:
        live: The stack, as its last update left it.
        aws: Its account and region.
        now: The time that counts as now.
        retrying: The same, for the services alone, where the reader can wait; None asks for them as for the others.

    Raises:
        aws.errors.CredentialsExpiredError, botocore.exceptions.ClientError: The services cannot be read.
        story.status.client.NotNowError: AWS does not answer this time.
    """
    asked = retrying or aws
    services = services_of(live, asked)
    there = sorted(name for name, service in services.items() if service)
    cluster, missing = live.place.cluster, dict[str, str]()
    found: list[tuple[str, Json]] = []
    for name in there:
        (tasks, more), why = or_why(lambda name=name: tasks_of(aws, cluster, name), ([], 0))
        found += [(name, task) for task in tasks]
        missing |= {"tasks": why} if why else {}
        missing |= {f"tasks of {name}": f"{more} more are not looked at"} if more else {}
    ids = [(name, task_id(task)) for name, task in found]
    use, missing["use"] = or_why(lambda: use_of(aws, cluster, ids, now) if ids else {}, {})
    alarms, missing["alarms"] = or_why(lambda: alarms_in_alarm(aws, cluster), [])
    last, missing["releases"] = or_why(lambda: releases(aws, cluster, there) if there else [], [])
    return Overview(
        live=live,
        at=now,
        services=statuses_of(live, asked, services),
        tasks=sorted((task_status(name, task, use) for name, task in found), key=lambda one: (one.service, one.id)),
        events=events_of(services),
        alarms=alarms,
        releases=last,
        missing={part: why for part, why in missing.items() if why},
    )


def events_of(services: Mapping[str, Json]) -> list[Event]:
    """The last events of all services, the newest one first; ECS keeps a hundred of each."""
    found = [
        Event(at=one["createdAt"], service=name, message=plain(str(one.get("message", ""))))
        for name, service in services.items()
        for one in items(service, "events")
    ]
    return sorted(found, key=lambda event: event.at, reverse=True)[:EVENTS]


def alarms_in_alarm(aws: PageClient, cluster: str) -> list[AlarmStatus]:
    """The alarms in ALARM whose names begin with the stack's, as all of its alarms' do.

    Args:
        aws: The account.
        cluster: Name of the cluster, which is that of the stack with the project's before it.
    """
    answer = aws.call(
        "cloudwatch",
        "describe_alarms",
        AlarmNamePrefix=f"{cluster}-",
        StateValue="ALARM",
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        MaxRecords=100,
    )
    listed = [*items(answer, "MetricAlarms"), *items(answer, "CompositeAlarms")]
    found = [
        AlarmStatus(
            name=str(one["AlarmName"]),
            since=one.get("StateTransitionedTimestamp") or one.get("StateUpdatedTimestamp"),
            reason=plain(str(one.get("StateReason") or "")),
        )
        for one in listed
        if one.get("StateValue") == "ALARM"
    ]
    return sorted(found, key=lambda alarm: alarm.name)


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
