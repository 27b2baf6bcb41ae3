"""AWS that answers as a test says, at the level of boto3's clients."""

from collections.abc import Callable
from typing import Any, cast

from botocore.exceptions import ClientError

from ops.aws_account import Aws

Answer = Any
Said = dict[tuple[str, str], Answer]


def refusal(code: str = "AccessDeniedException", *, status: int = 400, operation: str = "Asked") -> ClientError:
    """What boto3 raises when AWS refuses."""
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


class Told:
    """An account that answers as told.

    Attributes:
        said: Answers by service and operation: a document, an exception, or a function of the request's parameters.
        asked: The questions, in their order.
    """

    def __init__(self, said: Said) -> None:
        self.said = said
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def client(self, service: str, **_: Any) -> "Client":
        return Client(self, service)

    def answer(self, service: str, operation: str, parameters: dict[str, Any]) -> Any:
        self.asked.append((service, operation, parameters))
        said = self.said.get((service, operation), {})
        if isinstance(said, Exception):
            raise said
        return said(**parameters) if callable(said) else said

    @property
    def as_aws(self) -> Aws:
        return cast(Aws, self)


class Client:
    """A client of one service."""

    def __init__(self, told: Told, service: str) -> None:
        self._told, self._service = told, service

    def get_paginator(self, operation: str) -> Any:
        told, service = self._told, self._service

        class Pages:
            def paginate(self, **parameters: Any) -> list[Any]:
                return [told.answer(service, operation, parameters)]

        return Pages()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return lambda **parameters: self._told.answer(self._service, operation, parameters)
