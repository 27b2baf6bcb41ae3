"""Which of a service's events are worth a line while a deployment goes on.

DescribeServices lists the newest 100 events of a service, the newest one first
(docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html). Their texts:
docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from aws.client import Json, items

PREFIX = re.compile(r"^\(?service [^\s,)]+(?:, taskSet [^\s)]+)?\)? ")
ROUTINE = re.compile(
    r"has started \d+ tasks|has stopped \d+ |registered \d+ targets|deregistered \d+ targets|has begun draining|"
    r"has reached a steady state|\(deployment \S+\) deployment completed|updated computedDesiredCount"
)
"""What the counts of tasks and the end of the deployment say as well."""
IDS = re.compile(
    r"arn:[^\s(),]+|ecs-svc/\d+|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{17,}\b|"
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b"
)
"""What differs between two events that say the same of two tasks: ARNs, ids and addresses."""


def texts_since(service: Json, moment: datetime | None) -> Sequence[str]:
    """What ECS said of a service from a moment on, the oldest first, without the service's name.

    Args:
        service: As DescribeServices describes it.
        moment: When a deployment was made, by AWS's clock; None for all that is listed.
    """
    # The sort keeps the order of those of one moment.
    new = [event for event in reversed(items(service, "events")) if moment is None or event["createdAt"] >= moment]
    return [PREFIX.sub("", event["message"]) for event in sorted(new, key=lambda event: event["createdAt"])]


def is_routine(text: str) -> bool:
    """Whether an event only says what the counts of tasks say as well."""
    return ROUTINE.match(text) is not None


def without_ids(text: str) -> str:
    """An event without what differs from task to task, to compare it by."""
    return IDS.sub("...", text)


def collapsed(texts: Iterable[str]) -> Sequence[str]:
    """Events, each text once with how often it came, in the order in which they came first."""
    shown: dict[str, str] = {}
    times: Counter[str] = Counter()
    for text in texts:
        times[without_ids(text)] += 1
        shown.setdefault(without_ids(text), text)
    return [f"{text} ({times[kind]} times)" if times[kind] > 1 else text for kind, text in shown.items()]
