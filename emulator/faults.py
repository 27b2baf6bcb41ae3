"""Faults on demand: an API action that a test wants to fail.

A fault is one entry of `/emulator/faults`, and is used up by the requests that it meets:

    {"action": "UpdateService", "contains": "worker-default", "times": 5, "seconds": 2}

The answer is a client error (400), which AWS's clients do not repeat, with the code `InjectedFault`.
"""

import json
import threading
from dataclasses import asdict, dataclass
from typing import Any


class FaultError(Exception):
    """A description of a fault that makes no sense; the message says what is allowed."""


@dataclass(kw_only=True)
class Fault:
    """An action that fails.

    Attributes:
        action: Name of the API action, such as `UpdateService`.
        contains: Only requests whose body has this text, such as a service's name; "" is all.
        times: How many more requests fail.
        seconds: How long each of them takes; meanwhile others go on.
    """

    action: str
    contains: str = ""
    times: int = 1
    seconds: float = 0


class Faults:
    """The faults in force. Requests are answered by many threads, so that each use is counted under a lock."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, body: bytes) -> None:
        """Put the fault that `body` describes in JSON in force.

        Raises:
            FaultError: It isn't one.
        """
        try:
            fault = Fault(**json.loads(body))
        except (ValueError, TypeError) as error:
            raise FaultError(f"a fault has action, contains (text), times and seconds (numbers): {error}") from None
        found: dict[str, Any] = asdict(fault)
        texts = found["action"] and isinstance(found["action"], str) and isinstance(found["contains"], str)
        numbers = type(found["times"]) is int and found["times"] > 0 and type(found["seconds"]) in (int, float)
        if not (texts and numbers and found["seconds"] >= 0):
            raise FaultError("a fault has action (text), contains (text), times (above 0) and seconds (0 or more)")
        with self._lock:
            self._faults.append(fault)

    def listed(self) -> list[dict[str, Any]]:
        """The faults in force, with the times that are left."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def clear(self) -> None:
        """Put none in force."""
        with self._lock:
            self._faults.clear()

    def met_by(self, action: str, body: bytes) -> Fault | None:
        """The fault that makes this request fail, which counts as one of its times."""
        with self._lock:
            for fault in self._faults:
                if fault.action == action and fault.contains.encode() in body:
                    fault.times -= 1
                    if not fault.times:
                        self._faults.remove(fault)
                    return fault
        return None


in_force = Faults()
