"""AWS, asked for things that a cut-off creation may have made."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

import boto3  # pyright: ignore[reportMissingTypeStubs]
from botocore.config import Config  # pyright: ignore[reportMissingTypeStubs]
from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]

Json = Mapping[str, Any]
Part = TypeVar("Part")
CONFIG = Config(
    connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 6}, user_agent_extra="story"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A thing in AWS that fits a cut-off creation.

    Attributes:
        id: What the provider imports it by.
        arn: Its ARN or id, by which the state knows what is recorded already.
        created: When it was made, where AWS tells.
        ready: Whether AWS is done with making it.
    """

    id: str
    arn: str = ""
    created: datetime | None = None
    ready: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a cut-off creation asked for.

    Attributes:
        inputs: As the provider was asked.
        tags: All tags that it asked for, the provider's own among them.
    """

    inputs: Json
    tags: Mapping[str, str]

    def text(self, name: str) -> str:
        """An input that is a text; empty if it was left out."""
        value = self.inputs.get(name)
        return value if isinstance(value, str) else ""

    def tagged(self, tags: object) -> bool:
        """Whether a thing's tags, as a list of keys and values, hold all that was asked for."""
        pairs = {
            (tag.get("Key", tag.get("TagKey")), tag.get("Value", tag.get("TagValue")))
            for tag in cast(list[dict[str, str]], tags or [])
        }
        return bool(self.tags) and pairs >= set(self.tags.items())


class Aws:
    """One account and region, with a client per service.

    Args:
        session: Credentials and region.
        region: Another region than the session's. Default: none.
    """

    def __init__(self, session: boto3.Session, region: str | None = None) -> None:
        self._session: Any = session
        self._region = region
        self._clients: dict[str, Any] = {}

    def in_region(self, region: str) -> "Aws":
        """The same account in another region."""
        return Aws(self._session, region)

    def client(self, service: str) -> Any:
        """The service's client; boto3 has no types for it."""
        if service not in self._clients:
            place = {"region_name": self._region} if self._region else {}
            self._clients[service] = self._session.client(service, config=CONFIG, **place)
        return self._clients[service]

    def ask(self, service: str, operation: str, **parameters: Any) -> Json:
        """The answer; empty if AWS says that there is no such thing."""
        try:
            return cast(Json, getattr(self.client(service), operation)(**parameters))
        except ClientError as error:
            if is_absence(error):
                return {}
            raise

    def every(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        """All items of all pages; none if AWS says that there is no such thing."""
        try:
            for page in self.client(service).get_paginator(operation).paginate(**parameters):
                yield from page.get(key, ())
        except ClientError as error:
            if not is_absence(error):
                raise


def in_parts(whole: Sequence[Part], size: int) -> list[list[Part]]:
    """A list in parts of at most `size`, which is what AWS takes at once."""
    return [list(whole[first : first + size]) for first in range(0, len(whole), size)]


def items(answer: Json | None, key: str) -> Sequence[Json]:
    """What an answer lists under a key; nothing if there is no answer, or no such key in it."""
    return cast(Sequence[Json], (answer or {}).get(key) or ())


def part(answer: Json | None, key: str) -> Json:
    """What an answer holds under a key; empty if there is no answer, or no such key in it."""
    return cast(Json, (answer or {}).get(key) or {})


def is_absence(error: ClientError) -> bool:
    """Whether AWS says "no such thing": each service has its own word for it, and all of them contain one of these."""
    code = str(cast(Any, error.response).get("Error", {}).get("Code", ""))
    return "NotFound" in code or "NoSuch" in code or code == "404"


Finder = Callable[[Aws, Wanted], list[Candidate]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose credentials these are.

    Attributes:
        id: The account.
        aws: Its region.
    """

    id: str
    aws: Aws = field(repr=False)


def account_of(region: str | None, profile: str | None) -> Account:
    """The account that the credentials belong to, seen from a region.

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: There are none, or they are not valid.
    """
    aws = Aws(boto3.Session(region_name=region, profile_name=profile))
    return Account(id=str(aws.client("sts").get_caller_identity()["Account"]), aws=aws)
