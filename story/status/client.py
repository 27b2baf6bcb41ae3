"""A client for a page that is refreshed often: it makes each call once, and caches responses that do not change."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from aws.client import Json
from aws.errors import in_one_line, is_transient
from aws.retrying import Location, RetryingClient, retrying_client

KEPT = ("describe_task_definition", "describe_service_revisions", "get_metric_data")
"""Operations whose responses are cached: revisions never change, and metrics are read up to the last full minute."""
MOST_KEPT = 500


Read = TypeVar("Read")


class NotNowError(Exception):
    """There is no response this time, for a temporary reason; the message is the reason."""


class PageClient:
    """A client that makes each call once, and raises an error if there is no response.

    Args:
        client: Makes the calls.
    """

    def __init__(self, client: RetryingClient) -> None:
        self._client = client
        self._kept: dict[str, Json] = {}

    def call(self, service: str, operation: str, /, **parameters: Any) -> Json:
        """The response to a call.

        Raises:
            NotNowError: There is no response this time.
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
        """All items of all pages of an operation of ECS, whose token is called `nextToken`."""
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


def read_or_reason(read: Callable[[], Read], default: Read) -> tuple[Read, str]:
    """The result of `read`, and ""; or `default`, and why it could not be read.

    Raises:
        aws.errors.CredentialsExpiredError: The credentials are no longer valid.
    """
    try:
        return read(), ""
    except NotNowError as error:
        return default, str(error)
    except ClientError as error:
        return default, in_one_line(error)


def is_temporary(error: Exception) -> bool:
    """Whether the next attempt may succeed."""
    return isinstance(error, NotNowError) or is_transient(error)
