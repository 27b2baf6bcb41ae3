"""Turning an Output into a string is a bug everywhere: make it raise."""

import os

os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"
