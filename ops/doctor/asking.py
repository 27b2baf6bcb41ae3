"""AWS, asked each question once, however many checks want the answer."""

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, cast

from ops.aws_account import Aws, Json


class CannotTellError(Exception):
    """What AWS answered is not enough to judge by; the message says what is missing."""


class ServiceGoneError(CannotTellError):
    """A service does not exist. One check says that, and the others leave it at that."""


class Asking:
    """An account and region, asked from several threads.

    Args:
        aws: The account and region.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._clients = threading.Lock()
        self._answers: dict[str, Future[Any]] = {}
        self._elsewhere: dict[str, Asking] = {}

    def in_region(self, region: str) -> "Asking":
        """The same account in another region, with answers of its own."""
        with self._lock:
            return self._elsewhere.setdefault(region, Asking(self._aws.in_region(region)))

    def ask(self, service: str, operation: str, /, **parameters: Any) -> Json:
        """The answer, which is kept.

        Raises:
            botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: There is none.
        """
        return cast(
            Json, self._once((service, operation), parameters, lambda: self.fresh(service, operation, **parameters))
        )

    def every(self, service: str, operation: str, key: str, /, **parameters: Any) -> Sequence[Any]:
        """All items of all pages, which are kept.

        Raises:
            botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: There is no answer.
        """

        def read() -> list[Any]:
            pages = self._client(service).get_paginator(operation).paginate(**parameters)
            return [item for page in pages for item in page.get(key) or ()]

        return cast(Sequence[Any], self._once((service, operation, key), parameters, read))

    def fresh(self, service: str, operation: str, /, **parameters: Any) -> Json:
        """The answer, which is not kept: for what is secret."""
        return cast(Json, getattr(self._client(service), operation)(**parameters))

    def _client(self, service: str) -> Any:
        # A session makes one client at a time; the clients themselves are for all threads:
        # docs.aws.amazon.com/boto3/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients
        with self._clients:
            return self._aws.client(service)

    def _once(self, question: tuple[str, ...], parameters: dict[str, Any], work: Callable[[], Any]) -> Any:
        key = json.dumps([question, parameters], sort_keys=True, default=str)
        with self._lock:
            is_new = key not in self._answers
            answer = self._answers.setdefault(key, Future())
        if is_new:
            try:
                answer.set_result(work())
            except Exception as error:
                answer.set_exception(error)
        return answer.result()
