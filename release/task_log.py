"""The log of one container of one task, read while it is written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from aws.errors import in_one_line
from aws.retrying import RetryingClient

PAGES_PER_LOOK = 20


@dataclass(slots=True, kw_only=True)
class TaskLog:
    """A log stream, from its first line on.

    Attributes:
        aws: Where it is.
        group: Log group.
        stream: Log stream; it may not exist yet.
        missing: What AWS said the last time that it has no such log, or will not show it; empty once it was there.
    """

    aws: RetryingClient
    group: str
    stream: str
    missing: str = ""
    _token: str | None = field(default=None)

    def new_lines(self) -> Iterator[str]:
        """The lines since the last look, as far as AWS has them.

        A page may be empty although more follow; the end is where the token repeats:
        docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
        """
        for _ in range(PAGES_PER_LOOK):
            position: dict[str, Any] = {"nextToken": self._token} if self._token else {"startFromHead": True}
            try:
                page = self.aws.try_call(
                    "logs", "get_log_events", logGroupName=self.group, logStreamName=self.stream, **position
                )
            except ClientError as error:
                # Not being allowed to read a log is no reason to lose sight of the task.
                self.missing = in_one_line(error)
                return
            if page is None:
                return
            self.missing = ""
            for event in page["events"]:
                yield event["message"]
            if page["nextForwardToken"] == self._token:
                return
            self._token = page["nextForwardToken"]


def stream_name(prefix: str, container: str, task_arn: str) -> str:
    """Log stream of a container:
    docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html (awslogs-stream-prefix)"""
    return f"{prefix}/{container}/{task_arn.rpartition('/')[2]}"
