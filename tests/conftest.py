"""What holds for every test."""

import gc
import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import settings

from emulator import process
from tests.emulator.support import RunningEmulator

# Turning an Output into a string is a bug everywhere: make it raise.
os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"

# The SDK's modules are so many objects that looking for garbage among them at the usual pace is a third of the time.
gc.set_threshold(100_000, 50, 100)

# The same examples each time, and no deadline: a busy machine is no reason to fail.
settings.register_profile("story", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("story")


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """One emulator for the whole session; who uses it empties it first."""
    folder = tmp_path_factory.mktemp("emulator")
    control_file = folder / "control.json"
    began = time.monotonic()
    running = process.start(process.free_port(), folder / "emulator.log", control_file=control_file)
    try:
        process.wait_until_ready(running.url)
        yield RunningEmulator(
            url=running.url,
            log_file=running.log_file,
            control_file=control_file,
            seconds_to_start=time.monotonic() - began,
        )
    finally:
        process.stop(running.pid)
