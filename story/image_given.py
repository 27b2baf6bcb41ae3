"""Which image an update is given: the variables that the program reads."""

import re
from collections.abc import Mapping

from settings.ecr import registry_host

BY_DIGEST = re.compile(r"\S+@sha256:[0-9a-f]{64}")
RELEASED, GONE_BACK_TO = "STORY_IMAGE", "STORY_ROLLBACK_IMAGE"
KEEPING: Mapping[str, str] = {RELEASED: "", GONE_BACK_TO: ""}
"""The environment of an update that keeps the last good image, whatever the caller's own environment says."""


def releasing(image: str) -> Mapping[str, str]:
    """The environment of an update that releases an image: it is migrated."""
    return {**KEEPING, RELEASED: image}


def going_back_to(image: str) -> Mapping[str, str]:
    """The environment of an update that goes back to an earlier image: nothing is migrated."""
    return {**KEEPING, GONE_BACK_TO: image}


def any_image(region: str) -> str:
    """An image that does not exist, for previews in which it does not matter; its registry suits every network.

    Args:
        region: AWS region of the stack.
    """
    return f"{registry_host('0' * 12, region)}/any@sha256:{'0' * 64}"
