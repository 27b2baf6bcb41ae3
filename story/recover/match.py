"""Argument and result of a lookup in AWS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from aws.client import Client, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An object in AWS that matches an interrupted creation.

    Attributes:
        id: The id by which the provider imports it.
        arn: Its ARN or id, to compare with the recorded resources.
        created: When it was created; None if AWS does not return it.
        ready: Whether AWS has finished creating it.
    """

    id: str
    arn: str = ""
    created: datetime | None = None
    ready: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingInputs:
    """The inputs of an interrupted creation.

    Attributes:
        inputs: The inputs of the resource.
        tags: All its tags, including the default tags of the provider.
    """

    inputs: Json
    tags: Mapping[str, str]

    def text(self, name: str) -> str:
        """An input that is a string; empty without it."""
        value = self.inputs.get(name)
        return value if isinstance(value, str) else ""

    def tagged(self, tags: object) -> bool:
        """Whether the tags of an object, a list of keys and values, include all tags of the creation."""
        pairs = {
            (tag.get("Key", tag.get("TagKey")), tag.get("Value", tag.get("TagValue")))
            for tag in cast(list[dict[str, str]], tags or [])
        }
        return bool(self.tags) and pairs >= set(self.tags.items())


Lookup = Callable[[Client, PendingInputs], list[Match]]
