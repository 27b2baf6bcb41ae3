"""Time that passes only where code under test waits, so that minutes of a step take no time in a test."""

import time


class Clock:
    """A clock for the steps of a release.

    Attributes:
        began: Where it began.
        seconds: Where it is.
    """

    def __init__(self) -> None:
        self.began = self.seconds = time.monotonic()

    @property
    def passed(self) -> float:
        """Seconds since the test began."""
        return self.seconds - self.began

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float, /) -> None:
        self.seconds += seconds
