"""One account and region, and the calls that everything else is built on.

`AwsClient` makes each call once, and raises what botocore raises. `RetryingClient` (retrying.py) and `CachingClient`
(caching.py) are put around it where a caller needs them.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from aws.errors import is_not_found

Json = Mapping[str, Any]
Part = TypeVar("Part")
CONFIG = Config(
    connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 6}, user_agent_extra="story"
)


class Caller(Protocol):
    """What can make a call to AWS."""

    def call(self, service: str, operation: str, /, **parameters: Any) -> Json:
        """The response to one call.

        Args:
            service: boto3's name of the service: `ecs`.
            operation: boto3's name of the operation: `describe_tasks`.
            parameters: As the service's API reference names them.

        Raises:
            botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: There is none.
        """
        ...


class Client(Caller, Protocol):
    """What can call AWS, and read all pages of a list."""

    def paginate(self, service: str, operation: str, key: str, /, **parameters: Any) -> Sequence[Any]:
        """All items of all pages.

        Args:
            service: As for `call`.
            operation: As for `call`; one that boto3 has a paginator for.
            key: Where the items are in each page: `taskArns`.
            parameters: As for `call`.

        Raises:
            botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: A page could not be read.
        """
        ...


class AwsClient:
    """One account and region, for any number of threads.

    Args:
        session: Credentials and region. boto3's own retries stay on: six attempts in all.
        region: Another region than the session's; None for the same.
    """

    def __init__(self, session: boto3.Session, region: str | None = None) -> None:
        self._session: Any = session
        self._region = region
        self._lock = threading.Lock()
        self._services: dict[str, Any] = {}

    def service(self, name: str) -> Any:
        """boto3's client of a service.

        A session makes one client at a time; the clients themselves are for all threads:
        docs.aws.amazon.com/boto3/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients
        """
        with self._lock:
            if name not in self._services:
                region = {"region_name": self._region} if self._region else {}
                self._services[name] = self._session.client(name, config=CONFIG, **region)
            return self._services[name]

    def in_region(self, region: str) -> "AwsClient":
        """The same credentials in another region."""
        return AwsClient(self._session, region)

    def call(self, service: str, operation: str, /, **parameters: Any) -> Json:
        """See `Caller.call`."""
        return cast(Json, getattr(self.service(service), operation)(**parameters))

    def paginate(self, service: str, operation: str, key: str, /, **parameters: Any) -> Sequence[Any]:
        """See `Client.paginate`."""
        pages = self.service(service).get_paginator(operation).paginate(**parameters)
        return [item for page in pages for item in page.get(key) or ()]


Connect = Callable[[str | None, str | None], Client]
"""Makes a client for a region and a profile; None is what the environment says."""


def connect(region: str | None, profile: str | None) -> AwsClient:
    """A client with the credentials of this environment.

    Args:
        region: AWS region.
        profile: Profile of the AWS credentials, as the stack's provider has it; None for the default ones.

    Raises:
        botocore.exceptions.BotoCoreError: There is no such profile.
    """
    return AwsClient(boto3.Session(region_name=region, profile_name=profile))


def account_id_of(client: Client) -> str:
    """The account that the credentials belong to.

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: There are none, or they are not valid.
    """
    return str(client.call("sts", "get_caller_identity")["Account"])


def call_if_found(client: Client, service: str, operation: str, /, **parameters: Any) -> Json:
    """The response to a call; empty if AWS says that there is no such thing."""
    try:
        return client.call(service, operation, **parameters)
    except ClientError as error:
        if is_not_found(error):
            return {}
        raise


def paginate_if_found(client: Client, service: str, operation: str, key: str, /, **parameters: Any) -> Sequence[Any]:
    """All items of all pages; none if AWS says that there is no such thing."""
    try:
        return client.paginate(service, operation, key, **parameters)
    except ClientError as error:
        if is_not_found(error):
            return ()
        raise


def in_parts(whole: Sequence[Part], size: int) -> list[list[Part]]:
    """A list in parts of at most `size`, which is what AWS takes at once."""
    return [list(whole[first : first + size]) for first in range(0, len(whole), size)]


def items(response: Json | None, key: str) -> Sequence[Json]:
    """What a response lists under a key; nothing if there is no response, or no such key in it."""
    return cast(Sequence[Json], (response or {}).get(key) or ())


def part(response: Json | None, key: str) -> Json:
    """What a response holds under a key; empty if there is no response, or no such key in it."""
    return cast(Json, (response or {}).get(key) or {})
