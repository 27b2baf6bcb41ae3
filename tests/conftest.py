"""What holds for every test."""

import gc
import os

# Turning an Output into a string is a bug everywhere: make it raise.
os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"

# The SDK's modules are so many objects that looking for garbage among them at the usual pace is a third of the time.
gc.set_threshold(100_000, 50, 100)
