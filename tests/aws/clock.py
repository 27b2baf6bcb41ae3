"""Time that passes only where code under test waits, so that minutes of a step take no time in a test."""

import time
from types import SimpleNamespace

import pytest

from aws import retrying as patience
from release import deployed_tasks, migrate, rollout, saying


class Clock:
    """Stands in for the module `time` of the steps.

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

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def set_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let the steps of a release go by a clock of their own."""
    clock = Clock()
    stand_in = SimpleNamespace(monotonic=clock.monotonic, sleep=clock.sleep)
    for module in (deployed_tasks, migrate, patience, rollout, saying):
        monkeypatch.setattr(module, "time", stand_in)
    return clock
