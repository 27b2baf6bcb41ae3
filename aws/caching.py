"""A client that makes each call once, however many threads want its response."""

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, cast

from aws.client import AwsClient, Json


class CachingClient:
    """A client that keeps every response, and every refusal.

    Args:
        uncached: Makes the calls. Use it directly for what is secret, and so must not be kept.
    """

    def __init__(self, uncached: AwsClient) -> None:
        self.uncached = uncached
        self._lock = threading.Lock()
        self._responses: dict[str, Future[Any]] = {}
        self._regions: dict[str, CachingClient] = {}

    def in_region(self, region: str) -> "CachingClient":
        """The same credentials in another region, with responses of its own."""
        with self._lock:
            return self._regions.setdefault(region, CachingClient(self.uncached.in_region(region)))

    def call(self, service: str, operation: str, /, **parameters: Any) -> Json:
        """See `Caller.call`."""
        call = (service, operation)
        return cast(Json, self._once(call, parameters, lambda: self.uncached.call(service, operation, **parameters)))

    def paginate(self, service: str, operation: str, key: str, /, **parameters: Any) -> Sequence[Any]:
        """See `Client.paginate`."""
        call = (service, operation, key)
        return cast(
            Sequence[Any],
            self._once(call, parameters, lambda: self.uncached.paginate(service, operation, key, **parameters)),
        )

    def _once(self, call: tuple[str, ...], parameters: Json, make: Callable[[], Any]) -> Any:
        key = json.dumps([call, parameters], sort_keys=True, default=str)
        with self._lock:
            is_new = key not in self._responses
            response = self._responses.setdefault(key, Future())
        if is_new:
            try:
                response.set_result(make())
            except Exception as error:
                response.set_exception(error)
        return response.result()
