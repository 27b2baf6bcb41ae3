"""The output of a step: whole lines that begin with the step's name and the seconds since it began."""

import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aws.retrying import Clock

Print = Callable[[str], None]
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Colours, control characters, and other characters that end a line or change the direction of text."""
LONGEST_LINE = 1000
LAST_LINES = 30
HEARTBEAT_SECONDS = 15


def print_line(line: str) -> None:
    """Print a line in one piece, so that steps that run side by side do not mix within a line.

    A character that the terminal's encoding does not have is shown as `?`, so that no log line fails a step.
    """
    encoding = sys.stdout.encoding or "utf-8"
    print(f"{line}\n".encode(encoding, "replace").decode(encoding), end="", flush=True)


@dataclass(slots=True, kw_only=True)
class StepOutput:
    """Prints what one step does.

    Attributes:
        step: First word of every line.
        output: Gets each line.
        clock: Measures the time.
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

    def line(self, text: str) -> None:
        """Print one line, with the time."""
        self._last = self.clock.monotonic()
        self.output(f"{self.step}: {self.seconds:6.1f} s  {plain(text)}")

    def details(self, lines: Iterable[str]) -> None:
        """Print lines that belong to the one before."""
        for line in lines:
            self.output(f"{self.step}:           {plain(line)}")

    def heartbeat(self, what: str) -> None:
        """Print what is still in progress, if nothing was printed for 15 seconds."""
        if self.clock.monotonic() - self._last >= HEARTBEAT_SECONDS:
            self.line(f"still {what}")


@dataclass(slots=True, kw_only=True)
class LogLines:
    """The lines that a container writes: printed as they are read, up to a limit; the last ones are kept.

    Attributes:
        step_output: Prints them.
        shown_at_most: How many lines to print; later ones are only counted, because Pulumi keeps all output of an
            update. None prints all.
        seen: How many lines there were.
        last: The last 30 of them.
    """

    step_output: StepOutput
    shown_at_most: int | None
    seen: int = 0
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))

    def add(self, line: str) -> None:
        """Add one more line."""
        self.seen += 1
        self.last.append(plain(line))
        if self.shown_at_most is None or self.seen <= self.shown_at_most:
            self.step_output.line(f"| {line}")
        elif self.seen == self.shown_at_most + 1:
            self.step_output.line(f"| {self.shown_at_most} lines were printed; the others are in the log group")


def plain(text: str) -> str:
    """A text as one line that is safe for every terminal and log: valid UTF-8 without control characters, cut after
    1,000 characters."""
    line = CONTROL.sub(" ", text.rstrip("\r\n").replace("\r\n", " "))
    encodable = line.encode("utf-8", "replace").decode("utf-8")
    return encodable if len(encodable) <= LONGEST_LINE else f"{encodable[:LONGEST_LINE]} ..."
