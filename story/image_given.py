"""The environment variables by which an update gets its image."""

import re
from collections.abc import Mapping

from settings.ecr import registry_host

BY_DIGEST = re.compile(r"\S+@sha256:[0-9a-f]{64}")
RELEASED, GONE_BACK_TO = "STORY_IMAGE", "STORY_ROLLBACK_IMAGE"
KEEPING: Mapping[str, str] = {RELEASED: "", GONE_BACK_TO: ""}
"""The environment of an update that keeps the last good image. It overrides variables of the caller."""


def releasing(image: str) -> Mapping[str, str]:
    """The environment of an update that releases an image; the migration runs."""
    return {**KEEPING, RELEASED: image}


def going_back_to(image: str) -> Mapping[str, str]:
    """The environment of an update that rolls back to an earlier image; no migration runs."""
    return {**KEEPING, GONE_BACK_TO: image}


def any_image(region: str) -> str:
    """An image that does not exist, for previews that do not depend on it; its registry is allowed in every network.

    Args:
        region: AWS region of the stack.
    """
    return f"{registry_host('0' * 12, region)}/any@sha256:{'0' * 64}"
