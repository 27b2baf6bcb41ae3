"""What a step says: whole lines that begin with the step's name and the time since it began."""

import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aws.retrying import Clock

Print = Callable[[str], None]
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Colours, control characters, and what else ends a line or turns its direction round."""
LONGEST_LINE = 1000
LAST_LINES = 30
HEARTBEAT_SECONDS = 15


def print_line(line: str) -> None:
    """Print a line in one piece, so that steps that run side by side do not mix within a line.

    What the terminal's encoding has no letter for is shown as `?`: no log line may fail a step.
    """
    encoding = sys.stdout.encoding or "utf-8"
    print(f"{line}\n".encode(encoding, "replace").decode(encoding), end="", flush=True)


@dataclass(slots=True, kw_only=True)
class Saying:
    """The voice of one step.

    Attributes:
        step: First word of every line.
        output: Gets each line.
        clock: The time to go by.
    """

    step: str
    output: Print = print_line
    clock: Clock = time
    began: float = field(init=False)
    _last: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self._last = self.clock.monotonic()

    @property
    def seconds(self) -> float:
        """Since the step began."""
        return self.clock.monotonic() - self.began

    def say(self, text: str) -> None:
        """One line, with the time."""
        self._last = self.clock.monotonic()
        self.output(f"{self.step}: {self.seconds:6.1f} s  {plain(text)}")

    def explain(self, lines: Iterable[str]) -> None:
        """Lines that belong to the one before."""
        for line in lines:
            self.output(f"{self.step}:           {plain(line)}")

    def still(self, what: str) -> None:
        """Say what goes on, if nothing was said for a while."""
        if self.clock.monotonic() - self._last >= HEARTBEAT_SECONDS:
            self.say(f"still {what}")


@dataclass(slots=True, kw_only=True)
class LogLines:
    """The lines that a container writes: shown as they come, up to a limit, and the last ones kept.

    Attributes:
        saying: Shows them.
        shown_at_most: After so many lines the others are only counted, because Pulumi keeps all that it shows; None
            shows all.
        seen: How many there were.
        last: The last ones.
    """

    saying: Saying
    shown_at_most: int | None
    seen: int = 0
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))

    def add(self, line: str) -> None:
        """One more line."""
        self.seen += 1
        self.last.append(plain(line))
        if self.shown_at_most is None or self.seen <= self.shown_at_most:
            self.saying.say(f"| {line}")
        elif self.seen == self.shown_at_most + 1:
            self.saying.say(f"| {self.shown_at_most} lines were shown; the others are in the log group")


def plain(text: str) -> str:
    """A text as one line that no terminal and no log stumbles over: nothing that moves a cursor, nothing that is not
    UTF-8, and of a very long line the beginning."""
    line = CONTROL.sub(" ", text.rstrip("\r\n").replace("\r\n", " "))
    encodable = line.encode("utf-8", "replace").decode("utf-8")
    return encodable if len(encodable) <= LONGEST_LINE else f"{encodable[:LONGEST_LINE]} ..."
