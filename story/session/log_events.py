"""The events of a log group: asked for in pages, each shown once, while new ones come in."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws.client import Json, items
from aws.retrying import RetryingClient

LATE_SECONDS = 60
"""How much older than the newest one an event may be that comes in late: containers hand their lines over in batches,
each at its own pace, and CloudWatch Logs sorts by the time at which they were written."""
POLL_SECONDS = 2.0
"""FilterLogEvents may be asked only some times a second, by everybody in the account together:
docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"""
MOST_OF_A_TERM = 1022
"""A pattern has 1024 characters, two of them quotes:
docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html"""
NOT_QUOTABLE = re.compile(r'["\\%\x00-\x1f]')
"""What could end a quoted term, or begin an expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which events are wanted.

    Attributes:
        group: Log group.
        since_ms: Time of the oldest one, in milliseconds since 1970.
        text: Text that they contain; "" for all.
        stream_prefix: First part of their streams' names; "" for all.
        task: Beginning of the task's id; "" for all.
    """

    group: str
    since_ms: int
    text: str = ""
    stream_prefix: str = ""
    task: str = ""

    def fits(self, event: Json) -> bool:
        """Whether an event is wanted. AWS was asked for a little more than that."""
        stream = str(event.get("logStreamName", ""))
        return (
            self.text in str(event.get("message", ""))
            and stream.startswith(self.stream_prefix)
            and stream.rpartition("/")[2].startswith(self.task)
        )

    def parameters(self, since_ms: int) -> dict[str, Any]:
        """FilterLogEvents for it."""
        pattern = filter_pattern(self.text)
        return {
            "logGroupName": self.group,
            "startTime": since_ms,
            **({"filterPattern": pattern} if pattern else {}),
            **({"logStreamNamePrefix": self.stream_prefix} if self.stream_prefix else {}),
        }


@dataclass(slots=True, kw_only=True)
class Events:
    """The events of a search, in the order in which AWS shows them.

    Attributes:
        aws: Where they are.
        search: Which ones.
    """

    aws: RetryingClient
    search: Search
    _newest_ms: int = 0
    _shown: dict[str, int] = field(default_factory=dict[str, int])

    def so_far(self) -> Iterator[Sequence[Json]]:
        """The pages of events that were not shown yet.

        The last minute is asked for each time anew, and what was shown of it is known by its id: an event may come in
        late, and several may have the same millisecond.
        """
        since_ms = max(self.search.since_ms, self._newest_ms - LATE_SECONDS * 1000)
        position: Mapping[str, str] = {}
        while True:
            page = self.aws.call("logs", "filter_log_events", **self.search.parameters(since_ms), **position)
            yield [event for event in items(page, "events") if self._is_new(event) and self.search.fits(event)]
            self._forget()
            # A page may be empty although more follow:
            # docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
            if not page.get("nextToken"):
                return
            position = {"nextToken": page["nextToken"]}

    def for_ever(self) -> Iterator[Sequence[Json]]:
        """The same, and then what comes in, until somebody interrupts it."""
        while True:
            yield from self.so_far()
            time.sleep(POLL_SECONDS)

    def _is_new(self, event: Json) -> bool:
        identifier, moment = str(event["eventId"]), int(event["timestamp"])
        if identifier in self._shown:
            return False
        self._shown[identifier] = moment
        self._newest_ms = max(self._newest_ms, moment)
        return True

    def _forget(self) -> None:
        """What is not asked for again need not be known."""
        oldest = self._newest_ms - LATE_SECONDS * 1000
        self._shown = {identifier: moment for identifier, moment in self._shown.items() if moment >= oldest}


def filter_pattern(text: str) -> str:
    """The filter pattern for events that may contain a text; "" for all.

    A term in double quotes is taken literally. What could mean something within quotes is left out, and of what remains
    the longest part is asked for, so that at most too many events are found:
    docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    longest = max(NOT_QUOTABLE.split(text), key=len)[:MOST_OF_A_TERM]
    return f'"{longest}"' if longest.strip() else ""
