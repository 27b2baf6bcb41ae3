"""AWS, asked for a page that is drawn again in a moment: without patience, and not twice for what does not change."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]

from aws.client import Json
from aws.retrying import Patience, in_short, is_passing
from release.contract import Place

KEPT = ("describe_task_definition", "describe_service_revisions", "get_metric_data")
"""Answers that stay as they are: revisions never change, and metrics are asked for up to the last full minute."""
MOST_KEPT = 500


Read = TypeVar("Read")


class NotNowError(Exception):
    """AWS could not be asked this time, for a reason that may pass; the message is the reason."""


class Look(Patience):
    """An account and region, asked once for each page.

    Args:
        place: Whose region and profile count.
    """

    def __init__(self, place: Place) -> None:
        super().__init__(place, lambda _line: None)
        self._kept: dict[str, Json] = {}

    def ask(self, service: str, operation: str, /, **parameters: Any) -> Json:
        """The answer.

        Raises:
            NotNowError: There is none this time.
        """
        key = json.dumps([operation, parameters], sort_keys=True, default=str) if operation in KEPT else ""
        if key in self._kept:
            return self._kept[key]
        answer = self.try_to_ask(service, operation, **parameters)
        if answer is None:
            raise NotNowError(f"AWS does not answer {operation}: {self._trouble}")
        if key:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = answer
        return answer

    def every(self, service: str, operation: str, key: str, /, **parameters: Any) -> list[Any]:
        """All items of all pages of an operation of ECS, which call their token `nextToken`."""
        found: list[Any] = []
        while True:
            answer = self.ask(service, operation, **parameters)
            found += answer.get(key) or ()
            if not answer.get("nextToken"):
                return found
            parameters["nextToken"] = answer["nextToken"]


def or_why(read: Callable[[], Read], instead: Read) -> tuple[Read, str]:
    """What is read, and ""; or something instead, and why it could not be read.

    Raises:
        aws.retrying.CredentialsExpiredError: The credentials are no longer valid.
    """
    try:
        return read(), ""
    except NotNowError as error:
        return instead, str(error)
    except ClientError as error:
        return instead, in_short(error)


def may_pass(error: Exception) -> bool:
    """Whether the next page may well show it."""
    return isinstance(error, NotNowError) or is_passing(error)
