"""Faults on demand: an API action that a test wants to fail.

A fault is one entry of `/emulator/faults`, and is used up by the requests that it meets:

    {"action": "UpdateService", "contains": "worker-default", "times": 5, "seconds": 2}

The answer is a client error (400), which AWS's clients do not repeat, with the code `InjectedFault`, unless the fault
says otherwise.
"""

import json
import threading
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

ALLOWED = (
    "a fault has action (text), contains (text), times (a number above 0), seconds (0 or more), status (400 to 599), "
    "code (text), answer (an object) and lost (true or false)"
)


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
        status: HTTP status of the answer. AWS's clients repeat a request upon a 5xx.
        code: AWS's error code in the answer, such as `ThrottlingException`, upon which they repeat it, too.
        answer: What is answered with 200 instead, of an action that speaks JSON; nothing is done.
        lost: The request is carried out, and the connection closed without an answer.
    """

    action: str
    contains: str = ""
    times: int = 1
    seconds: float = 0
    status: int = 400
    code: str = "InjectedFault"
    answer: dict[str, Any] | None = None
    lost: bool = False


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
            raise FaultError(f"{ALLOWED}: {error}") from None
        if not _makes_sense(fault):
            raise FaultError(ALLOWED)
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


def _makes_sense(fault: Fault) -> bool:
    found: dict[str, Any] = asdict(fault)
    texts = all(isinstance(found[name], str) for name in ("action", "contains", "code"))
    numbers = type(found["times"]) is int and type(found["seconds"]) in (int, float) and type(found["status"]) is int
    others = isinstance(found["answer"], dict | None) and isinstance(found["lost"], bool)
    if not (texts and numbers and others):
        return False
    known_status = fault.status in set(HTTPStatus) and fault.status >= HTTPStatus.BAD_REQUEST
    return bool(fault.action and fault.code) and fault.times > 0 and fault.seconds >= 0 and known_status


in_force = Faults()
