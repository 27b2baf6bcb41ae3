"""What a task writes passes through: a long log takes no more memory than a short one."""

import gc
import tracemalloc
from collections import deque

import pytest

from release import migrate
from release.migrate import run_task
from tests.release.steps import Cloud

pytestmark = pytest.mark.timed

FEW_PAGES, MANY_PAGES = 20_000, 50_000
"""GetLogEvents answers at most 10,000 lines at once; the page before is still there when the next one comes:
docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html"""
TOLERANCE_MIB = 1.0
"""The 30,000 further lines, if somebody kept them, would take twice as much."""


def test_memory_stays_flat_whatever_a_task_writes(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "POLL_SECONDS", 0.25)
    run_task(cloud.task(), output=cloud.said.append)  # loads what is loaded once
    short, long = peak_mib(cloud, FEW_PAGES), peak_mib(cloud, MANY_PAGES)
    assert long < short + TOLERANCE_MIB, f"{short:.1f} MiB with {FEW_PAGES} lines, {long:.1f} with {MANY_PAGES}"


def peak_mib(cloud: Cloud, lines: int) -> float:
    """Most memory that following a task with so many lines takes at one time, beyond what was there before."""
    cloud.behaves(container="app", exits=0, after_seconds=0.2, line_count=lines)
    task, last = cloud.task(timeout_seconds=60), deque[str](maxlen=1)
    gc.collect()
    tracemalloc.start()
    try:
        run_task(task, output=last.append, shown_lines=100)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert f"({lines} log lines)" in last[0]
    return peak / 1024 / 1024
