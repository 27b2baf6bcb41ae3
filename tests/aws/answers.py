"""AWS that answers as a test says, at the level of boto3's clients.

Requests and answers are held against botocore's models: a test passes neither with a request that AWS would refuse nor
with an answer that AWS could not give.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import ClientError

from aws.client import AwsClient
from tests.aws.aws_models import check_answer, check_pages, check_request

Answer = Any
Said = dict[tuple[str, str], Answer]


def refusal(code: str = "AccessDeniedException", *, status: int = 400, operation: str = "Asked") -> ClientError:
    """What boto3 raises when AWS refuses."""
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strange:
    """An answer that AWS does not give by its model, for tests of what happens then.

    Attributes:
        answer: The answer.
    """

    answer: Any


class Told:
    """An account that answers as told.

    Attributes:
        said: Answers by service and operation: a document, an exception, something `Strange`, or a function of the
            request's parameters. What is not in it is answered with an empty document.
        asked: The questions, in their order.
        regions: The other regions that it was asked in.
    """

    def __init__(self, said: Said) -> None:
        self.said = said
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.regions: set[str] = set()

    def client(self, service: str, *, region_name: str = "", **_: Any) -> "Client":
        if region_name:
            self.regions.add(region_name)
        return Client(self, service)

    def answer(self, service: str, operation: str, parameters: dict[str, Any]) -> Any:
        check_request(service, operation, parameters)
        self.asked.append((service, operation, parameters))
        said = self.said.get((service, operation), {})
        if isinstance(said, Exception):
            raise said
        if isinstance(said, Strange):
            return said.answer
        answer = said(**parameters) if callable(said) else said
        check_answer(service, operation, answer)
        return answer

    @property
    def as_aws(self) -> AwsClient:
        """A client whose session this is."""
        return AwsClient(cast(Any, self))

    def connect(self, region: str | None, profile: str | None) -> AwsClient:
        """In place of `aws.client.connect`."""
        del region, profile
        return self.as_aws


class Client:
    """A client of one service."""

    def __init__(self, told: Told, service: str) -> None:
        self._told, self._service = told, service

    def get_paginator(self, operation: str) -> Any:
        told, service = self._told, self._service
        check_pages(service, operation)

        class Pages:
            def paginate(self, **parameters: Any) -> list[Any]:
                return [told.answer(service, operation, parameters)]

        return Pages()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return lambda **parameters: self._told.answer(self._service, operation, parameters)
