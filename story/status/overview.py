"""A stack at one moment: services, tasks, events, alarms and releases.

If a part cannot be read, it is empty and the reason is shown; only the services are required.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from aws.client import Json, items
from aws.retrying import RetryingClient
from release.step_output import plain
from release.task import task_id
from story.live_stack import LiveStack
from story.status.client import PageClient, read_or_reason
from story.status.releases import PastRelease, releases
from story.status.services import ServiceStatus, services_of, statuses_of
from story.status.tasks import TaskStatus, task_status, tasks_of, use_of

EVENTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of a service in ECS.

    Attributes:
        at: When it happened.
        service: The service.
        message: The message of ECS.
    """

    at: datetime
    service: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmStatus:
    """An alarm in ALARM.

    Attributes:
        name: Its name.
        since: When it went into ALARM; None if CloudWatch does not return it.
        reason: The reason that CloudWatch gives.
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
        tasks: Every task whose desired status is RUNNING.
        events: The latest events of all services, the newest first.
        alarms: The alarms in ALARM.
        releases: The latest releases of all services, the newest first.
        missing: Why a part could not be read, by the name of the part.
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
        """The overview as a JSON document; times are ISO 8601."""
        return {
            "image": self.live.image,
            "services": [asdict(one) for one in self.services],
            "at": _json_value(self.at),
            **{
                part: [{name: _json_value(value) for name, value in asdict(one).items()} for one in getattr(self, part)]
                for part in ("tasks", "events", "alarms", "releases")
            },
            "missing": dict(self.missing),
        }


def overview(live: LiveStack, aws: PageClient, now: datetime, *, retrying: RetryingClient | None = None) -> Overview:
    """A stack at this moment.

    Args:
        live: The stack, as its last update left it.
        aws: Client for its account and region.
        now: The current time.
        retrying: Client for the services alone, which retries; None reads them with `aws`.

    Raises:
        aws.errors.CredentialsExpiredError, botocore.exceptions.ClientError: The services cannot be read.
        story.status.client.NotNowError: AWS returned no response this time.
    """
    services_client = retrying or aws
    services = services_of(live, services_client)
    there = sorted(name for name, service in services.items() if service)
    cluster, missing = live.location.cluster, dict[str, str]()
    found: list[tuple[str, Json]] = []
    for name in there:
        (tasks, more), why = read_or_reason(lambda name=name: tasks_of(aws, cluster, name), ([], 0))
        found += [(name, task) for task in tasks]
        missing |= {"tasks": why} if why else {}
        missing |= {f"tasks of {name}": f"{more} more are not shown"} if more else {}
    ids = [(name, task_id(task)) for name, task in found]
    use, missing["use"] = read_or_reason(lambda: use_of(aws, cluster, ids, now) if ids else {}, {})
    alarms, missing["alarms"] = read_or_reason(lambda: alarms_in_alarm(aws, cluster), [])
    last, missing["releases"] = read_or_reason(lambda: releases(aws, cluster, there) if there else [], [])
    return Overview(
        live=live,
        at=now,
        services=statuses_of(live, services_client, services),
        tasks=sorted((task_status(name, task, use) for name, task in found), key=lambda one: (one.service, one.id)),
        events=events_of(services),
        alarms=alarms,
        releases=last,
        missing={part: why for part, why in missing.items() if why},
    )


def events_of(services: Mapping[str, Json]) -> list[Event]:
    """The latest events of all services, the newest first; ECS keeps a hundred of each service."""
    found = [
        Event(at=one["createdAt"], service=name, message=plain(str(one.get("message", ""))))
        for name, service in services.items()
        for one in items(service, "events")
    ]
    return sorted(found, key=lambda event: event.at, reverse=True)[:EVENTS]


def alarms_in_alarm(aws: PageClient, cluster: str) -> list[AlarmStatus]:
    """The stack's alarms that are in ALARM. Their names begin with the name of the cluster.

    Args:
        aws: Client for the account.
        cluster: Name of the cluster, `<project>-<stack>`.
    """
    response = aws.call(
        "cloudwatch",
        "describe_alarms",
        AlarmNamePrefix=f"{cluster}-",
        StateValue="ALARM",
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        MaxRecords=100,
    )
    listed = [*items(response, "MetricAlarms"), *items(response, "CompositeAlarms")]
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


def _json_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
