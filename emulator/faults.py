"""Faults on demand: an API action that a test wants to fail.

A fault is one entry of `/emulator/faults`, and is used up by the requests that it meets:

    {"action": "UpdateService", "contains": "worker-default", "times": 5}

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
    """

    action: str
    contains: str = ""
    times: int = 1


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
            raise FaultError(f"a fault has action, contains (text) and times (number): {error}") from None
        found: dict[str, Any] = asdict(fault)
        texts = found["action"] and isinstance(found["action"], str) and isinstance(found["contains"], str)
        if not (texts and type(found["times"]) is int and found["times"] > 0):
            raise FaultError("a fault has action (text), contains (text) and times (a number above 0)")
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

    def meets(self, action: str, body: bytes) -> bool:
        """Whether this request is to fail; then it counts as one of the fault's times."""
        with self._lock:
            for fault in self._faults:
                if fault.action == action and fault.contains.encode() in body:
                    fault.times -= 1
                    if not fault.times:
                        self._faults.remove(fault)
                    return True
        return False


in_force = Faults()
