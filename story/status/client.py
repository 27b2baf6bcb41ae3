"""A client for a page that is drawn again in a moment: it calls once, and keeps what does not change."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from aws.client import Json
from aws.errors import in_one_line, is_transient
from aws.retrying import Location, RetryingClient, retrying_client

KEPT = ("describe_task_definition", "describe_service_revisions", "get_metric_data")
"""Responses that stay as they are: revisions never change, and metrics are read up to the last full minute."""
MOST_KEPT = 500


Read = TypeVar("Read")


class NotNowError(Exception):
    """There is no response this time, for a reason that may pass; the message is the reason."""


class PageClient:
    """A client that makes each call once, and raises where there is no response now.

    Args:
        client: Makes the calls.
    """

    def __init__(self, client: RetryingClient) -> None:
        self._client = client
        self._kept: dict[str, Json] = {}

    def call(self, service: str, operation: str, /, **parameters: Any) -> Json:
        """The response to a call.

        Raises:
            NotNowError: There is none this time.
        """
        key = json.dumps([operation, parameters], sort_keys=True, default=str) if operation in KEPT else ""
        if key in self._kept:
            return self._kept[key]
        response = self._client.try_call(service, operation, **parameters)
        if response is None:
            raise NotNowError(f"AWS does not answer {operation}: {self._client.last_error}")
        if key:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = response
        return response

    def paginate(self, service: str, operation: str, key: str, /, **parameters: Any) -> list[Any]:
        """All items of all pages of an operation of ECS, which call their token `nextToken`."""
        found: list[Any] = []
        while True:
            response = self.call(service, operation, **parameters)
            found += response.get(key) or ()
            if not response.get("nextToken"):
                return found
            parameters["nextToken"] = response["nextToken"]


def page_client(location: Location) -> PageClient:
    """A client for pages, with the credentials of this environment."""
    return PageClient(retrying_client(location, lambda _line: None))


def or_why(read: Callable[[], Read], instead: Read) -> tuple[Read, str]:
    """What is read, and ""; or something instead, and why it could not be read.

    Raises:
        aws.errors.CredentialsExpiredError: The credentials are no longer valid.
    """
    try:
        return read(), ""
    except NotNowError as error:
        return instead, str(error)
    except ClientError as error:
        return instead, in_one_line(error)


def may_pass(error: Exception) -> bool:
    """Whether the next page may show it."""
    return isinstance(error, NotNowError) or is_transient(error)
