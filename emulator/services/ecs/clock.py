"""The clock of the emulated ECS: what happens later is written down, and done as soon as anybody looks.

Nothing runs in the background. Each request first does all that was due until then, in order, and each thing as of the
moment at which it was due, so that the times in the answers are those of the events, not of the looks.
"""

import heapq
import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import moto.backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ecs.responses import EC2ContainerServiceResponse

from emulator.serving.patching import kept, now, replace

Action = Callable[[datetime], None]

lock = threading.RLock()


class Timetable:
    """What is due when, in one region."""

    def __init__(self) -> None:
        self._due: list[tuple[datetime, int, Action]] = []
        self._numbers = itertools.count()

    def at(self, moment: datetime, action: Action) -> None:
        """Do `action` at `moment`; it is told the moment."""
        heapq.heappush(self._due, (moment, next(self._numbers), action))

    def next_moment(self) -> datetime | None:
        """When something is due next."""
        return self._due[0][0] if self._due else None

    def take(self, moment: datetime) -> Action | None:
        """The next thing that is due at this moment, which counts as done."""
        return heapq.heappop(self._due)[2] if self.next_moment() == moment else None


def timetable(backend: Any) -> Timetable:
    return kept(backend, "clock").setdefault("timetable", Timetable())


def advance() -> None:
    """Do everything that was due until now."""
    with lock:
        for backend in _backends():
            table, present = timetable(backend), now()
            while (moment := table.next_moment()) is not None and moment <= present:
                # What is due at the same moment is one step for a service.
                while action := table.take(moment):
                    action(moment)
                _settle(backend, moment)
            _settle(backend, present)


def _backends() -> Iterator[Any]:
    # The content of a region is made when it is first asked.
    yield from list(moto.backends.get_backend("ecs")[DEFAULT_ACCOUNT_ID].values())


def _settle(backend: Any, moment: datetime) -> None:
    for service in list(backend.services.values()):
        service.rollout.settle(moment)


def install() -> None:
    # One request at a time: a rollout must not go on while an answer is being put together.
    original_call: Any = EC2ContainerServiceResponse.call_action

    def call_action(self: Any) -> Any:
        with lock:
            advance()
            try:
                return original_call(self)
            finally:
                advance()

    replace(EC2ContainerServiceResponse, "call_action", call_action)
