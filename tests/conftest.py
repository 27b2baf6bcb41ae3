"""What holds for every test."""

import gc
import os

from hypothesis import settings

# Turning an Output into a string is a bug everywhere: make it raise.
os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"

# The SDK's modules are so many objects that looking for garbage among them at the usual pace is a third of the time.
gc.set_threshold(100_000, 50, 100)

# The same examples each time, and no deadline: a busy machine is no reason to fail.
settings.register_profile("story", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("story")
