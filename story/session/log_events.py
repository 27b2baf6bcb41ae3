"""Reads the events of a log group page by page, each event once, and follows new ones."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws.client import Json, items
from aws.retrying import RetryingClient

LATE_SECONDS = 60
"""How much older than the newest event a late event may be. Containers send their lines in batches, each at its own
interval, and CloudWatch Logs sorts events by the time at which they were written."""
POLL_SECONDS = 2.0
"""FilterLogEvents has a quota of requests per second for the whole account:
docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"""
MOST_OF_A_TERM = 1022
"""A filter pattern may have 1024 characters, two of which are the quotes:
docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html"""
NOT_QUOTABLE = re.compile(r'["\\%\x00-\x1f]')
"""Characters that could end a quoted term or start an expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which events to read.

    Attributes:
        group: Log group.
        since_ms: Time of the oldest one, in milliseconds since 1970.
        text: Text that they contain; "" for any.
        stream_prefix: Prefix of the names of their log streams; "" for any.
        task: Beginning of the task ID; "" for any.
    """

    group: str
    since_ms: int
    text: str = ""
    stream_prefix: str = ""
    task: str = ""

    def matches(self, event: Json) -> bool:
        """Whether an event matches. The request to AWS matches a little more than that."""
        stream = str(event.get("logStreamName", ""))
        return (
            self.text in str(event.get("message", ""))
            and stream.startswith(self.stream_prefix)
            and stream.rpartition("/")[2].startswith(self.task)
        )

    def parameters(self, since_ms: int) -> dict[str, Any]:
        """Parameters of FilterLogEvents."""
        pattern = filter_pattern(self.text)
        return {
            "logGroupName": self.group,
            "startTime": since_ms,
            **({"filterPattern": pattern} if pattern else {}),
            **({"logStreamNamePrefix": self.stream_prefix} if self.stream_prefix else {}),
        }


@dataclass(slots=True, kw_only=True)
class Events:
    """The events of a search, in the order in which AWS returns them.

    Attributes:
        aws: The client.
        search: Which events to read.
    """

    aws: RetryingClient
    search: Search
    _newest_ms: int = 0
    _shown: dict[str, int] = field(default_factory=dict[str, int])

    def so_far(self) -> Iterator[Sequence[Json]]:
        """The pages of events that were not returned yet.

        The last minute is read again each time, and events that were returned before are recognized by their IDs: an
        event may arrive late, and several may have the same millisecond.
        """
        since_ms = max(self.search.since_ms, self._newest_ms - LATE_SECONDS * 1000)
        position: Mapping[str, str] = {}
        while True:
            page = self.aws.call("logs", "filter_log_events", **self.search.parameters(since_ms), **position)
            yield [event for event in items(page, "events") if self._is_new(event) and self.search.matches(event)]
            self._forget()
            # A page may be empty although there are more pages:
            # docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
            if not page.get("nextToken"):
                return
            position = {"nextToken": page["nextToken"]}

    def follow(self) -> Iterator[Sequence[Json]]:
        """The same, and then new events until the process is interrupted."""
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
        """Events that are not read again need not be remembered."""
        oldest = self._newest_ms - LATE_SECONDS * 1000
        self._shown = {identifier: moment for identifier, moment in self._shown.items() if moment >= oldest}


def filter_pattern(text: str) -> str:
    """The filter pattern for events that may contain a text; "" for all.

    A term in double quotes is taken literally. Characters with a meaning within quotes are left out, and the longest
    remaining part is the pattern, so it never matches fewer events than the text:
    docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    longest = max(NOT_QUOTABLE.split(text), key=len)[:MOST_OF_A_TERM]
    return f'"{longest}"' if longest.strip() else ""
